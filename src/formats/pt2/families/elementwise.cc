// Functions of one tensor, element by element, beside activations.
#include <cmath>
#include <limits>
#include <numbers>

#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

// The operand in the type of the result: functions of integers are float32.
Result<ValueId> Self(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  return op.As(self, op.OutType());
}

Status Function(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  return op.Out(op.Node(op.onnx(), {x}));
}

// Functions that integers have, too.
Status OfIntegersToo(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  return op.OutCast(op.Node(op.onnx(), {op.As(self, type)}), type);
}

Status Square(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  const ValueId x = op.As(self, type);
  return op.OutCast(op.Node("Mul", {x, x}), type);
}

Status ReciprocalRoot(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  return op.Out(op.Node("Reciprocal", {op.Node("Sqrt", {x})}));
}

// --- rounding: an integer is what it is ---

Status Rounded(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (!ir::IsFloatingPoint(self.type)) return op.OutSame(self);
  return op.Out(op.Node(op.onnx(), {self.value}));
}

ValueId TowardsZero(OperatorLowering& op, ValueId x) {
  return op.Node("Mul", {op.Node("Sign", {x}), op.Node("Floor", {op.Node("Abs", {x})})});
}

Status Truncate(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (!ir::IsFloatingPoint(self.type)) return op.OutSame(self);
  return op.Out(TowardsZero(op, self.value));
}

Status Fraction(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  return op.Out(op.Node("Sub", {x, TowardsZero(op, x)}));
}

// To so many decimals; PyTorch, too, scales, rounds half to even, and scales back.
Status RoundedTo(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t decimals, op.Int("decimals", 0));
  if (!ir::IsFloatingPoint(self.type)) return op.Unsupported("decimals of integers");
  const ValueId scale =
      op.Scalar(std::pow(10.0, static_cast<double>(std::abs(decimals))), self.type);
  const bool up = decimals >= 0;
  const ValueId scaled = op.Node(up ? "Mul" : "Div", {self.value, scale});
  return op.Out(op.Node(up ? "Div" : "Mul", {op.Node("Round", {scaled}), scale}));
}

// --- exponents and logarithms ---

Status Exp2(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  return op.Out(op.Node("Pow", {op.Scalar(2, op.OutType()), x}));
}

template <int kBase>
Status LogToBase(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  const double factor = kBase == 2 ? std::numbers::log2e : std::numbers::log10e;
  return op.Out(op.Node("Mul", {op.Node("Log", {x}), op.Scalar(factor, op.OutType())}));
}

// Kahan's forms of log(1 + x) and exp(x) - 1: the error of 1 + x, or of exp(x), is divided out, so
// that small x keep their digits (Higham, Accuracy and Stability of Numerical Algorithms, 1.14.1).
Status Log1p(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  const ValueId one = op.Scalar(1, op.OutType());
  const ValueId u = op.Node("Add", {x, one});
  const ValueId log = op.Node("Log", {u});
  const ValueId corrected = op.Node("Mul", {log, op.Node("Div", {x, op.Node("Sub", {u, one})})});
  // Infinity is not a quotient of infinities.
  const ValueId plain = op.Node("IsInf", {op.As({u, op.OutType(), {}}, DataType::kFloat32)});
  const ValueId near_one = op.Node("Equal", {u, one});
  return op.Out(op.Node("Where", {near_one, x, op.Node("Where", {plain, log, corrected})}));
}

Status Expm1(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Self(op));
  const ValueId one = op.Scalar(1, op.OutType());
  const ValueId u = op.Node("Exp", {x});
  const ValueId difference = op.Node("Sub", {u, one});
  const ValueId corrected = op.Node("Mul", {difference, op.Node("Div", {x, op.Node("Log", {u})})});
  // Away from 0 nothing cancels: there exp(x) may be 0 or infinite.
  const ValueId far = op.Node("Greater", {op.Node("Abs", {x}), one});
  const ValueId near_one = op.Node("Equal", {u, one});
  return op.Out(op.Node("Where", {near_one, x, op.Node("Where", {far, difference, corrected})}));
}

// --- numbers that are none ---

// IsNaN and IsInf are there for float32 everywhere; widening and narrowing keep what they ask for.
Result<ValueId> Single(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (self.type == DataType::kFloat64) return self.value;
  return op.As(self, DataType::kFloat32);
}

Status Is(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Single(op));
  return op.Out(op.Node(op.onnx(), {x}));
}

Status IsFinite(OperatorLowering& op) {
  EDGEOPT_TRY(const ValueId x, Single(op));
  const ValueId either = op.Node("Or", {op.Node("IsNaN", {x}), op.Node("IsInf", {x})});
  return op.Out(op.Node("Not", {either}));
}

Result<double> Greatest(OperatorLowering& op, DataType type) {
  if (type == DataType::kFloat32) return double{std::numeric_limits<float>::max()};
  if (type == DataType::kFloat64) return std::numeric_limits<double>::max();
  if (type == DataType::kFloat16) return 65504.0;
  return op.Unsupported("the greatest " + std::string(ir::Name(type)));
}

Status NanToNumber(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  const DataType type = self.type;
  EDGEOPT_TRY(const double nan, op.Float("nan", 0));
  double greatest = 0;
  if (!op.Has("posinf") || !op.Has("neginf")) {
    EDGEOPT_TRY(greatest, Greatest(op, type));
  }
  EDGEOPT_TRY(const double high, op.Float("posinf", greatest));
  EDGEOPT_TRY(const double low, op.Float("neginf", -greatest));
  EDGEOPT_TRY(const ValueId x, Single(op));
  const auto infinite = [&](int64_t negative) {
    return op.Node("IsInf", {x},
                   {{"detect_negative", negative}, {"detect_positive", 1 - negative}});
  };
  ValueId y = op.Node("Where", {op.Node("IsNaN", {x}), op.Scalar(nan, type), self.value});
  y = op.Node("Where", {infinite(0), op.Scalar(high, type), y});
  return op.Out(op.Node("Where", {infinite(1), op.Scalar(low, type), y}));
}

constexpr Rule kRules[] = {
    {"aten.abs.default", OfIntegersToo, "Abs"},
    {"aten.acos.default", Function, "Acos"},
    {"aten.acosh.default", Function, "Acosh"},
    {"aten.asin.default", Function, "Asin"},
    {"aten.asinh.default", Function, "Asinh"},
    {"aten.atan.default", Function, "Atan"},
    {"aten.atanh.default", Function, "Atanh"},
    {"aten.ceil.default", Rounded, "Ceil"},
    {"aten.cos.default", Function, "Cos"},
    {"aten.cosh.default", Function, "Cosh"},
    {"aten.erf.default", Function, "Erf"},
    {"aten.exp.default", Function, "Exp"},
    {"aten.exp2.default", Exp2},
    {"aten.expm1.default", Expm1},
    {"aten.fix.default", Truncate},
    {"aten.floor.default", Rounded, "Floor"},
    {"aten.frac.default", Fraction},
    {"aten.isfinite.default", IsFinite},
    {"aten.isinf.default", Is, "IsInf"},
    {"aten.isnan.default", Is, "IsNaN"},
    {"aten.log.default", Function, "Log"},
    {"aten.log10.default", LogToBase<10>},
    {"aten.log1p.default", Log1p},
    {"aten.log2.default", LogToBase<2>},
    {"aten.nan_to_num.default", NanToNumber},
    {"aten.neg.default", OfIntegersToo, "Neg"},
    {"aten.reciprocal.default", Function, "Reciprocal"},
    {"aten.round.decimals", RoundedTo},
    {"aten.round.default", Rounded, "Round"},
    {"aten.rsqrt.default", ReciprocalRoot},
    {"aten.sgn.default", OfIntegersToo, "Sign"},
    {"aten.sign.default", OfIntegersToo, "Sign"},
    {"aten.sin.default", Function, "Sin"},
    {"aten.sinh.default", Function, "Sinh"},
    {"aten.special_erf.default", Function, "Erf"},
    {"aten.sqrt.default", Function, "Sqrt"},
    {"aten.square.default", Square},
    {"aten.tan.default", Function, "Tan"},
    {"aten.trunc.default", Truncate},
};

}  // namespace

Family elementwise() { return {"elementwise", kRules}; }

}  // namespace edgeopt::formats::pt2
