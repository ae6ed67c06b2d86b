// Comparisons, logic on truth values and bits, and choices by a mask.
#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

// Both operands in the type that they have in common.
Status Compare(OperatorLowering& op) {
  EDGEOPT_TRY(const DataType common, CommonType(op, {"self", "other"}));
  const DataType type = ArithmeticType(common);
  EDGEOPT_TRY(const ValueId a, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId b, op.InAs("other", type));
  return op.Out(op.Node(op.onnx(), {a, b}));
}

Status NotEqual(OperatorLowering& op) {
  EDGEOPT_TRY(const DataType common, CommonType(op, {"self", "other"}));
  const DataType type = ArithmeticType(common);
  EDGEOPT_TRY(const ValueId a, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId b, op.InAs("other", type));
  return op.Out(op.Node("Not", {op.Node("Equal", {a, b})}));
}

// Any number but 0 is true.
Status Logical(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId a, op.InAs("self", DataType::kBool));
  EDGEOPT_TRY(const ValueId b, op.InAs("other", DataType::kBool));
  return op.OutCast(op.Node(op.onnx(), {a, b}), DataType::kBool);
}

Status LogicalNot(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, op.InAs("self", DataType::kBool));
  return op.OutCast(op.Node("Not", {x}), DataType::kBool);
}

Status Bitwise(OperatorLowering& op) {
  if (op.OutType() == DataType::kBool) return Logical(op);
  return op.Unsupported("bits of integers; ONNX has them from opset 18 on");
}

// The lowest n bits are the remainder by 2^n, which ONNX's Mod of integers gives from 0 on also
// for negative ones.
Status BitwiseAnd(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  if (op.OutType() == DataType::kBool || !op.IsNumber("other")) return Bitwise(op);
  EDGEOPT_TRY(const int64_t mask, op.Int("other", 0));
  constexpr int64_t kLargest = (int64_t{1} << 30) - 1;
  if (mask < 1 || mask > kLargest || (mask & (mask + 1)) != 0) return Bitwise(op);
  EDGEOPT_TRY(const ValueId x, op.InAs("self", type));
  const ValueId modulus = op.Scalar(static_cast<double>(mask + 1), type);
  return op.OutCast(op.Node("Mod", {x, modulus}), type);
}

Status BitwiseNot(OperatorLowering& op) {
  if (op.OutType() == DataType::kBool) return LogicalNot(op);
  const DataType type = ArithmeticType(op.OutType());
  if (type == DataType::kInt32 || type == DataType::kInt64) {
    EDGEOPT_TRY(const ValueId x, op.InAs("self", type));
    return op.OutCast(op.Node("Sub", {op.Scalar(-1, type), x}), type);
  }
  return op.Unsupported("bits of " + std::string(ir::Name(type)));
}

// A power of two; the shift must be known and stay inside the type.
Result<ValueId> ShiftFactor(OperatorLowering& op, DataType type) {
  if (!op.IsNumber("other")) return op.Unsupported("a shift that a run computes");
  EDGEOPT_TRY(const int64_t shift, op.Int("other", 0));
  if (shift < 0 || shift >= ir::BitsOf(op.OutType()) - 1)
    return op.Unsupported("a shift by " + std::to_string(shift) + " bits");
  return op.Scalar(static_cast<double>(int64_t{1} << shift), type);
}

Status ShiftLeft(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const ValueId x, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId factor, ShiftFactor(op, type));
  return op.OutCast(op.Node("Mul", {x, factor}), type);
}

// Towards minus infinity, as the sign is shifted in.
Status ShiftRight(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const ValueId x, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId factor, ShiftFactor(op, type));
  const ValueId whole = op.Node("Sub", {x, op.Node("Mod", {x, factor})});
  return op.OutCast(op.Node("Div", {whole, factor}), type);
}

Status Where(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const ValueId condition, op.InAs("condition", DataType::kBool));
  EDGEOPT_TRY(const ValueId a, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId b, op.InAs("other", type));
  return op.OutCast(op.Node("Where", {condition, a, b}), type);
}

Status MaskedFill(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const ValueId mask, op.InAs("mask", DataType::kBool));
  EDGEOPT_TRY(const ValueId value, op.InAs("value", type));
  EDGEOPT_TRY(const ValueId self, op.InAs("self", type));
  return op.OutCast(op.Node("Where", {mask, value, self}), type);
}

constexpr Rule kRules[] = {
    {"aten.__and__.Scalar", BitwiseAnd, "And"},
    {"aten.__and__.Tensor", BitwiseAnd, "And"},
    {"aten.__lshift__.Scalar", ShiftLeft},
    {"aten.__or__.Scalar", Bitwise, "Or"},
    {"aten.__or__.Tensor", Bitwise, "Or"},
    {"aten.__rshift__.Scalar", ShiftRight},
    {"aten.__xor__.Scalar", Bitwise, "Xor"},
    {"aten.__xor__.Tensor", Bitwise, "Xor"},
    {"aten.bitwise_and.Scalar", BitwiseAnd, "And"},
    {"aten.bitwise_and.Tensor", BitwiseAnd, "And"},
    {"aten.bitwise_left_shift.Tensor_Scalar", ShiftLeft},
    {"aten.bitwise_not.default", BitwiseNot},
    {"aten.bitwise_or.Scalar", Bitwise, "Or"},
    {"aten.bitwise_or.Tensor", Bitwise, "Or"},
    {"aten.bitwise_right_shift.Tensor_Scalar", ShiftRight},
    {"aten.bitwise_xor.Scalar", Bitwise, "Xor"},
    {"aten.bitwise_xor.Tensor", Bitwise, "Xor"},
    {"aten.eq.Scalar", Compare, "Equal"},
    {"aten.eq.Tensor", Compare, "Equal"},
    {"aten.ge.Scalar", Compare, "GreaterOrEqual"},
    {"aten.ge.Tensor", Compare, "GreaterOrEqual"},
    {"aten.gt.Scalar", Compare, "Greater"},
    {"aten.gt.Tensor", Compare, "Greater"},
    {"aten.le.Scalar", Compare, "LessOrEqual"},
    {"aten.le.Tensor", Compare, "LessOrEqual"},
    {"aten.logical_and.default", Logical, "And"},
    {"aten.logical_not.default", LogicalNot},
    {"aten.logical_or.default", Logical, "Or"},
    {"aten.logical_xor.default", Logical, "Xor"},
    {"aten.lt.Scalar", Compare, "Less"},
    {"aten.lt.Tensor", Compare, "Less"},
    {"aten.masked_fill.Scalar", MaskedFill},
    {"aten.masked_fill.Tensor", MaskedFill},
    {"aten.ne.Scalar", NotEqual},
    {"aten.ne.Tensor", NotEqual},
    {"aten.where.Scalar", Where},
    {"aten.where.ScalarOther", Where},
    {"aten.where.ScalarSelf", Where},
    {"aten.where.self", Where},
};

}  // namespace

Family comparison() { return {"comparison", kRules}; }

}  // namespace edgeopt::formats::pt2
