// Remainders, and operators on the bits of integers.
#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

// The remainder has the divisor's sign, as FLOOR_MOD's; with fmod the dividend's: that of the
// absolute values, which is exact, with the sign put back.
Status Mod(NodeLowering& node) {
  Composer c(node);
  const TensorIndex left = c.In(0), right = c.In(1);
  if (node.node().IntOr("fmod", 0) == 0) return c.Finish(Op::FLOOR_MOD, left, right);
  const auto size = [&](TensorIndex x) { return c.Binary(Op::MAXIMUM, x, c.Unary(Op::NEG, x)); };
  const TensorIndex rest = c.Binary(Op::FLOOR_MOD, size(left), size(right));
  const TensorIndex negative = c.Compare(Op::LESS, left, c.Scalar(0));
  return c.FinishSelect(negative, c.Unary(Op::NEG, rest), rest);
}

Status BitwiseXor(NodeLowering& node) {
  Composer c(node);
  return c.Finish(Op::BITWISE_XOR, c.In(0), c.In(1));
}

// -1 - x, by the two's complement.
Status BitwiseNot(NodeLowering& node) {
  Composer c(node);
  return c.Finish(Op::SUB, c.Scalar(-1), c.In(0));
}

constexpr Rule kRules[] = {
    {.op_type = "BitwiseNot", .lower = BitwiseNot, .types = Types::kFloatInt},
    {.op_type = "BitwiseXor", .lower = BitwiseXor, .types = Types::kFloatInt32},
    {.op_type = "Mod", .lower = Mod, .types = Types::kFloatInt},
};

}  // namespace

Family integer() { return {"integer", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
