// Sums, products, quotients, powers and limits, of tensors and numbers. What is computed in which
// type follows the type of the result, which the program says (promotion.h).
#include <array>
#include <cmath>
#include <numbers>

#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

// The two operands in the type to compute in.
struct Pair {
  ValueId self, other;
  DataType type;
};
Result<Pair> Operands(OperatorLowering& op) {
  Pair pair{.type = ArithmeticType(op.OutType())};
  EDGEOPT_TRY(pair.self, op.InAs("self", pair.type));
  EDGEOPT_TRY(pair.other, op.InAs("other", pair.type));
  return pair;
}

Status Binary(OperatorLowering& op) {
  EDGEOPT_TRY(const Pair in, Operands(op));
  return op.OutCast(op.Node(op.onnx(), {in.self, in.other}), in.type);
}

Result<ValueId> Scaled(OperatorLowering& op, ValueId x, std::string_view factor, DataType type) {
  EDGEOPT_TRY(const double value, op.Float(factor, 1));
  if (value == 1) return x;
  return op.Node("Mul", {x, op.Scalar(value, type)});
}

// self + alpha * other, or self - alpha * other.
Status AddOrSub(OperatorLowering& op) {
  EDGEOPT_TRY(const Pair in, Operands(op));
  EDGEOPT_TRY(const ValueId other, Scaled(op, in.other, "alpha", in.type));
  return op.OutCast(op.Node(op.onnx(), {in.self, other}), in.type);
}

// other - alpha * self.
Status ReverseSub(OperatorLowering& op) {
  EDGEOPT_TRY(const Pair in, Operands(op));
  EDGEOPT_TRY(const ValueId self, Scaled(op, in.self, "alpha", in.type));
  return op.OutCast(op.Node("Sub", {in.other, self}), in.type);
}

// --- quotients ---

// Towards zero. ONNX has no such operator.
ValueId Truncated(OperatorLowering& op, ValueId x) {
  return op.Node("Mul", {op.Node("Sign", {x}), op.Node("Floor", {op.Node("Abs", {x})})});
}

// r = a mod b of C, with the sign of a; nonzero and of the other sign than b.
ValueId CrossesZero(OperatorLowering& op, ValueId remainder, const Pair& in) {
  const ValueId zero = op.Scalar(0, in.type);
  const ValueId differs =
      op.Node("Xor", {op.Node("Less", {remainder, zero}), op.Node("Less", {in.other, zero})});
  return op.Node("And", {op.Node("Not", {op.Node("Equal", {remainder, zero})}), differs});
}

ValueId CRemainder(OperatorLowering& op, const Pair& in) {
  return op.Node("Mod", {in.self, in.other}, {{"fmod", int64_t{1}}});
}

// Whether a / b is exact for all a of a floating-point type.
bool IsPowerOfTwo(OperatorLowering& op, ValueId value) {
  const auto constant = op.ConstantOf(value);
  if (!constant || constant->size() != 1) return false;
  const auto numbers = constant->ToDoubles();
  int exponent = 0;
  return numbers.ok() && std::abs(std::frexp(numbers->front(), &exponent)) == 0.5;
}

// PyTorch's div_floor_floating (c10/util/generic_math.h): a quotient that rounds up to an integer
// is below it all the same, which floor(a / b) would not show.
ValueId FloorOfFloats(OperatorLowering& op, const Pair& in) {
  const ValueId quotient = op.Node("Div", {in.self, in.other});
  if (IsPowerOfTwo(op, in.other)) return op.Node("Floor", {quotient});
  const ValueId zero = op.Scalar(0, in.type), one = op.Scalar(1, in.type);
  const ValueId remainder = CRemainder(op, in);
  const ValueId whole = op.Node("Div", {op.Node("Sub", {in.self, remainder}), in.other});
  const ValueId lower =
      op.Node("Where", {CrossesZero(op, remainder, in), op.Node("Sub", {whole, one}), whole});
  const ValueId floor = op.Node("Floor", {lower});
  const ValueId short_of =
      op.Node("Greater", {op.Node("Sub", {lower, floor}), op.Scalar(0.5, in.type)});
  const ValueId rounded = op.Node("Where", {short_of, op.Node("Add", {floor, one}), floor});
  return op.Node("Where", {op.Node("Equal", {in.other, zero}), quotient, rounded});
}

// ONNX's Mod of integers has the sign of the divisor.
ValueId FloorOfIntegers(OperatorLowering& op, const Pair& in) {
  const ValueId remainder = op.Node("Mod", {in.self, in.other});
  return op.Node("Div", {op.Node("Sub", {in.self, remainder}), in.other});
}

Status FloorDivide(OperatorLowering& op) {
  EDGEOPT_TRY(const Pair in, Operands(op));
  const ValueId floor =
      ir::IsFloatingPoint(in.type) ? FloorOfFloats(op, in) : FloorOfIntegers(op, in);
  return op.OutCast(floor, in.type);
}

Status DivideMode(OperatorLowering& op) {
  EDGEOPT_TRY(const std::string mode, op.String("rounding_mode", ""));
  if (mode.empty()) return Binary(op);
  if (mode == "floor") return FloorDivide(op);
  if (mode != "trunc") return op.Unsupported("rounding_mode '" + mode + "'");
  EDGEOPT_TRY(const Pair in, Operands(op));
  const ValueId quotient = op.Node("Div", {in.self, in.other});  // of integers towards zero
  return op.OutCast(ir::IsFloatingPoint(in.type) ? Truncated(op, quotient) : quotient, in.type);
}

// With the sign of the divisor, as Python's %.
Status Remainder(OperatorLowering& op) {
  EDGEOPT_TRY(const Pair in, Operands(op));
  if (!ir::IsFloatingPoint(in.type))
    return op.OutCast(op.Node("Mod", {in.self, in.other}), in.type);
  const ValueId remainder = CRemainder(op, in);
  return op.Out(op.Node(
      "Where", {CrossesZero(op, remainder, in), op.Node("Add", {remainder, in.other}), remainder}));
}

Status Fmod(OperatorLowering& op) {
  EDGEOPT_TRY(const Pair in, Operands(op));
  return op.OutCast(CRemainder(op, in), in.type);
}

// --- powers ---

// By squaring; requires exponent >= 1.
ValueId RepeatedProduct(OperatorLowering& op, ValueId x, int64_t exponent) {
  ValueId square = x, product = ir::kNoValue;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) product = product.valid() ? op.Node("Mul", {product, square}) : square;
    if (exponent > 1) square = op.Node("Mul", {square, square});
  }
  return product;
}

Status PowerOfIntegers(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t exponent, op.Int("exponent", 1));
  if (exponent < 1 || exponent > 64)
    return op.Unsupported("integers to the power " + std::to_string(exponent));
  return op.OutCast(RepeatedProduct(op, op.As(self, type), exponent), type);
}

// x to a number's power: the products and roots that PyTorch itself takes for the usual ones.
Status PowerOfNumber(OperatorLowering& op) {
  const DataType type = op.OutType();
  if (!ir::IsFloatingPoint(type)) return PowerOfIntegers(op);
  EDGEOPT_TRY(const Operand self, op.In("self"));
  const ValueId x = op.As(self, type);
  const auto exponent = op.Float("exponent", 1);
  if (exponent.ok() && *exponent == 1) return op.Out(x);
  if (exponent.ok() && (*exponent == 2 || *exponent == 3))
    return op.Out(RepeatedProduct(op, x, static_cast<int64_t>(*exponent)));
  if (exponent.ok() && *exponent == 0.5) return op.Out(op.Node("Sqrt", {x}));
  if (exponent.ok() && *exponent == -1) return op.Out(op.Node("Reciprocal", {x}));
  if (exponent.ok() && *exponent == -0.5)
    return op.Out(op.Node("Reciprocal", {op.Node("Sqrt", {x})}));
  EDGEOPT_TRY(const ValueId power, op.InAs("exponent", type));
  return op.Out(op.Node("Pow", {x, power}));
}

Status PowerOfTensor(OperatorLowering& op) {
  const DataType type = op.OutType();
  if (!ir::IsFloatingPoint(type)) return op.Unsupported("powers of integers that a run computes");
  EDGEOPT_TRY(const ValueId self, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId exponent, op.InAs("exponent", type));
  return op.Out(op.Node("Pow", {self, exponent}));
}

// The angle of (x, y), from -pi to pi. Where both are infinite it is not a number, other than in
// PyTorch; a zero's sign counts for nothing.
Status Atan2(OperatorLowering& op) {
  const DataType type = op.OutType();
  EDGEOPT_TRY(const ValueId y, op.InAs("self", type));
  EDGEOPT_TRY(const ValueId x, op.InAs("other", type));
  const ValueId zero = op.Scalar(0, type);
  // Of the point mirrored to x >= 0; 0 / 0 at the origin.
  const ValueId angle = op.Node("Atan", {op.Node("Div", {y, op.Node("Abs", {x})})});
  const ValueId half_turn =
      op.Node("Where", {op.Node("Less", {y, zero}), op.Scalar(-std::numbers::pi, type),
                        op.Scalar(std::numbers::pi, type)});
  const ValueId turned =
      op.Node("Where", {op.Node("Less", {x, zero}), op.Node("Sub", {half_turn, angle}), angle});
  const ValueId origin = op.Node("And", {op.Node("Equal", {x, zero}), op.Node("Equal", {y, zero})});
  return op.Out(op.Node("Where", {origin, zero, turned}));
}

// --- limits ---

Result<ValueId> LimitOrNone(OperatorLowering& op, std::string_view name, DataType type) {
  if (!op.Has(name)) return ir::kNoValue;
  return op.InAs(name, type);
}

// The upper limit wins where they cross: Clip leaves that open. Tensors as limits broadcast.
Status Clamp(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  const bool tensors =
      (op.Has("min") && !op.IsNumber("min")) || (op.Has("max") && !op.IsNumber("max"));
  EDGEOPT_TRY(const ValueId low, LimitOrNone(op, "min", type));
  EDGEOPT_TRY(const ValueId high, LimitOrNone(op, "max", type));
  ValueId x = op.As(self, type);
  const bool both = low.valid() && high.valid();
  bool crossed = tensors;
  if (both && !tensors) {
    const auto least = op.Float("min", 0), most = op.Float("max", 0);
    crossed = !least.ok() || !most.ok() || !(*least <= *most);
  }
  if (!crossed) return op.OutCast(op.Node("Clip", {x, low, high}), type);
  if (low.valid()) x = op.Node("Max", {x, low});
  if (high.valid()) x = op.Node("Min", {x, high});
  return op.OutCast(x, type);
}

// Each of a vector times each of another.
Status OuterProduct(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand other, op.In("vec2"));
  if (self.rank() != 1 || other.rank() != 1) return BadInput("its arguments are not vectors");
  const ValueId column = op.Unsqueeze(op.As(self, type), {1});
  return op.OutCast(op.Node("Mul", {column, op.As(other, type)}), type);
}

// --- of three ---

struct Triple {
  std::array<ValueId, 3> in;
  DataType type;
};
Result<Triple> Operands(OperatorLowering& op, const std::array<std::string_view, 3>& names) {
  Triple triple{.type = ArithmeticType(op.OutType())};
  for (size_t i = 0; i < names.size(); ++i) {
    EDGEOPT_TRY(triple.in[i], op.InAs(names[i], triple.type));
  }
  return triple;
}

// self + value * tensor1 * tensor2, or self + value * tensor1 / tensor2.
Status AddScaled(OperatorLowering& op) {
  EDGEOPT_TRY(const Triple operands, Operands(op, {"self", "tensor1", "tensor2"}));
  const auto& [self, first, second] = operands.in;
  EDGEOPT_TRY(const ValueId scaled, Scaled(op, first, "value", operands.type));
  return op.OutCast(op.Node("Add", {self, op.Node(op.onnx(), {scaled, second})}), operands.type);
}

// self + weight * (end - self).
Status Interpolate(OperatorLowering& op) {
  EDGEOPT_TRY(const Triple operands, Operands(op, {"self", "end", "weight"}));
  const auto& [self, end, weight] = operands.in;
  const ValueId step = op.Node("Mul", {weight, op.Node("Sub", {end, self})});
  return op.OutCast(op.Node("Add", {self, step}), operands.type);
}

constexpr Rule kRules[] = {
    {"aten.add.Tensor", AddOrSub, "Add"},
    {"aten.add.Scalar", AddOrSub, "Add"},
    {"aten.addcdiv.default", AddScaled, "Div"},
    {"aten.addcmul.default", AddScaled, "Mul"},
    {"aten.atan2.default", Atan2},
    {"aten.clamp.Tensor", Clamp},
    {"aten.clamp.default", Clamp},
    {"aten.clamp_max.Tensor", Clamp},
    {"aten.clamp_max.default", Clamp},
    {"aten.clamp_min.Tensor", Clamp},
    {"aten.clamp_min.default", Clamp},
    {"aten.clip.default", Clamp},
    {"aten.div.Scalar", Binary, "Div"},
    {"aten.div.Scalar_mode", DivideMode, "Div"},
    {"aten.div.Tensor", Binary, "Div"},
    {"aten.div.Tensor_mode", DivideMode, "Div"},
    {"aten.divide.Tensor", Binary, "Div"},
    {"aten.floor_divide.Scalar", FloorDivide},
    {"aten.floor_divide.default", FloorDivide},
    {"aten.fmod.Scalar", Fmod},
    {"aten.fmod.Tensor", Fmod},
    {"aten.lerp.Scalar", Interpolate},
    {"aten.lerp.Tensor", Interpolate},
    {"aten.maximum.default", Binary, "Max"},
    {"aten.max.other", Binary, "Max"},
    {"aten.min.other", Binary, "Min"},
    {"aten.minimum.default", Binary, "Min"},
    {"aten.mul.Scalar", Binary, "Mul"},
    {"aten.mul.Tensor", Binary, "Mul"},
    {"aten.multiply.Tensor", Binary, "Mul"},
    {"aten.outer.default", OuterProduct},
    {"aten.pow.Scalar", PowerOfTensor},
    {"aten.pow.Tensor_Scalar", PowerOfNumber},
    {"aten.pow.Tensor_Tensor", PowerOfTensor},
    {"aten.remainder.Scalar", Remainder},
    {"aten.remainder.Scalar_Tensor", Remainder},
    {"aten.remainder.Tensor", Remainder},
    {"aten.rsub.Scalar", ReverseSub},
    {"aten.rsub.Tensor", ReverseSub},
    {"aten.sub.Scalar", AddOrSub, "Sub"},
    {"aten.sub.Tensor", AddOrSub, "Sub"},
    {"aten.subtract.Tensor", AddOrSub, "Sub"},
    {"aten.true_divide.Tensor", Binary, "Div"},
};

}  // namespace

Family arithmetic() { return {"arithmetic", kRules}; }

}  // namespace edgeopt::formats::pt2
