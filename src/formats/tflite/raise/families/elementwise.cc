// Operators on the elements of one or two broadcast tensors.
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

using ir::DataType;

Status Unary(OperatorRaising& op) { return op.Out(op.Node(op.onnx(), {op.In(0)})); }
Status Binary(OperatorRaising& op) { return op.Out(op.Node(op.onnx(), {op.In(0), op.In(1)})); }

// With an activation of its own.
template <typename Options>
Status Arithmetic(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<Options>());
  return op.Out(op.Node(op.onnx(), {op.In(0), op.In(1)}), options.fused_activation_function);
}

Status AddN(OperatorRaising& op) {
  ValueId sum = op.In(0);
  for (size_t slot = 1; slot < op.input_count(); ++slot) sum = op.Node("Add", {sum, op.In(slot)});
  return op.Out(sum);
}

Status NotEqual(OperatorRaising& op) {
  return op.Out(op.Node("Not", {op.Node("Equal", {op.In(0), op.In(1)})}));
}

Status Rsqrt(OperatorRaising& op) {
  return op.Out(op.Node("Reciprocal", {op.Node("Sqrt", {op.In(0)})}));
}

Status Square(OperatorRaising& op) { return op.Out(op.Node("Mul", {op.In(0), op.In(0)})); }

Status SquaredDifference(OperatorRaising& op) {
  const ValueId difference = op.Node("Sub", {op.In(0), op.In(1)});
  return op.Out(op.Node("Mul", {difference, difference}));
}

// The remainder with the sign of the divisor. ONNX's Mod has it for integers; for floats it has
// the dividend's (fmod), and where the signs differ the divisor is added.
ValueId FlooredRemainder(OperatorRaising& op) {
  const ValueId x = op.In(0), y = op.In(1);
  if (!ir::IsFloatingPoint(op.InType(0))) return op.Node("Mod", {x, y});
  const ValueId zero = op.Scalar(0, op.InType(0));
  const ValueId remainder = op.Node("Mod", {x, y}, {{"fmod", int64_t{1}}});
  const ValueId differs =
      op.Node("Xor", {op.Node("Less", {remainder, zero}), op.Node("Less", {y, zero})});
  const ValueId some = op.Node("Not", {op.Node("Equal", {remainder, zero})});
  return op.Node("Where",
                 {op.Node("And", {some, differs}), op.Node("Add", {remainder, y}), remainder});
}

Status FloorMod(OperatorRaising& op) { return op.Out(FlooredRemainder(op)); }

// ONNX's Div of integers rounds towards zero; without the remainder there is nothing to round.
Status FloorDiv(OperatorRaising& op) {
  const ValueId x = op.In(0), y = op.In(1);
  if (ir::IsFloatingPoint(op.InType(0))) return op.Out(op.Node("Floor", {op.Node("Div", {x, y})}));
  return op.Out(op.Node("Div", {op.Node("Sub", {x, FlooredRemainder(op)}), y}));
}

// atan(y / x), a half turn further where x is negative; 0 where both are.
Status Atan2(OperatorRaising& op) {
  const double pi = 3.14159265358979323846;
  const DataType type = op.InType(0);
  const ValueId y = op.In(0), x = op.In(1), zero = op.Scalar(0, type);
  const ValueId half_turn =
      op.Node("Where", {op.Node("Less", {y, zero}), op.Scalar(-pi, type), op.Scalar(pi, type)});
  const ValueId turned = op.Node("Where", {op.Node("Less", {x, zero}), half_turn, zero});
  const ValueId angle = op.Node("Add", {op.Node("Atan", {op.Node("Div", {y, x})}), turned});
  const ValueId origin = op.Node("And", {op.Node("Equal", {y, zero}), op.Node("Equal", {x, zero})});
  return op.Out(op.Node("Where", {origin, zero, angle}));
}

Status BitwiseXor(OperatorRaising& op) {
  const char* op_type = op.InType(0) == DataType::kBool ? "Xor" : "BitwiseXor";
  return op.Out(op.Node(op_type, {op.In(0), op.In(1)}));
}

// As C++ converts; the integers of quantized tensors as they are.
Status Cast(OperatorRaising& op) {
  if (IsQuantized(op.out())) return op.Unsupported("an output with a scale");
  return op.Out(op.Cast(op.StoredIn(0), DataTypeOf(op.out().type)));
}

Status SelectV2(OperatorRaising& op) {
  return op.Out(op.Node("Where", {op.In(0), op.In(1), op.In(2)}));
}

// A vector of conditions is one for each index of the first axis.
Status Select(OperatorRaising& op) {
  ValueId condition = op.In(0);
  if (op.InRank(0) == 1 && op.InRank(1) > 1) {
    std::vector<int64_t> shape(static_cast<size_t>(op.InRank(1)), 1);
    shape.front() = -1;
    condition = op.Reshape(condition, shape);
  }
  return op.Out(op.Node("Where", {condition, op.In(1), op.In(2)}));
}

constexpr Rule kRules[] = {
    {.op = Op::ABS, .raise = Unary, .onnx = "Abs"},
    {.op = Op::ADD, .raise = Arithmetic<schema::AddOptionsT>, .onnx = "Add", .inputs = 2},
    {.op = Op::ADD_N, .raise = AddN, .most_inputs = kAnyNumber},
    {.op = Op::ATAN2, .raise = Atan2, .inputs = 2},
    {.op = Op::BITWISE_XOR, .raise = BitwiseXor, .inputs = 2},
    {.op = Op::CAST, .raise = Cast},
    {.op = Op::CEIL, .raise = Unary, .onnx = "Ceil"},
    {.op = Op::COS, .raise = Unary, .onnx = "Cos"},
    {.op = Op::DIV, .raise = Arithmetic<schema::DivOptionsT>, .onnx = "Div", .inputs = 2},
    {.op = Op::EQUAL, .raise = Binary, .onnx = "Equal", .inputs = 2},
    {.op = Op::EXP, .raise = Unary, .onnx = "Exp"},
    {.op = Op::FLOOR, .raise = Unary, .onnx = "Floor"},
    {.op = Op::FLOOR_DIV, .raise = FloorDiv, .inputs = 2},
    {.op = Op::FLOOR_MOD, .raise = FloorMod, .inputs = 2},
    {.op = Op::GREATER, .raise = Binary, .onnx = "Greater", .inputs = 2},
    {.op = Op::GREATER_EQUAL, .raise = Binary, .onnx = "GreaterOrEqual", .inputs = 2},
    {.op = Op::LESS, .raise = Binary, .onnx = "Less", .inputs = 2},
    {.op = Op::LESS_EQUAL, .raise = Binary, .onnx = "LessOrEqual", .inputs = 2},
    {.op = Op::LOG, .raise = Unary, .onnx = "Log"},
    {.op = Op::LOGICAL_AND, .raise = Binary, .onnx = "And", .inputs = 2},
    {.op = Op::LOGICAL_NOT, .raise = Unary, .onnx = "Not"},
    {.op = Op::LOGICAL_OR, .raise = Binary, .onnx = "Or", .inputs = 2},
    {.op = Op::MAXIMUM, .raise = Binary, .onnx = "Max", .inputs = 2},
    {.op = Op::MINIMUM, .raise = Binary, .onnx = "Min", .inputs = 2},
    {.op = Op::MUL, .raise = Arithmetic<schema::MulOptionsT>, .onnx = "Mul", .inputs = 2},
    {.op = Op::NEG, .raise = Unary, .onnx = "Neg"},
    {.op = Op::NOT_EQUAL, .raise = NotEqual, .inputs = 2},
    {.op = Op::POW, .raise = Binary, .onnx = "Pow", .inputs = 2},
    {.op = Op::ROUND, .raise = Unary, .onnx = "Round"},
    {.op = Op::RSQRT, .raise = Rsqrt},
    {.op = Op::SELECT, .raise = Select, .inputs = 3},
    {.op = Op::SELECT_V2, .raise = SelectV2, .inputs = 3},
    {.op = Op::SIGN, .raise = Unary, .onnx = "Sign"},
    {.op = Op::SIN, .raise = Unary, .onnx = "Sin"},
    {.op = Op::SQRT, .raise = Unary, .onnx = "Sqrt"},
    {.op = Op::SQUARE, .raise = Square},
    {.op = Op::SQUARED_DIFFERENCE, .raise = SquaredDifference, .inputs = 2},
    {.op = Op::SUB, .raise = Arithmetic<schema::SubOptionsT>, .onnx = "Sub", .inputs = 2},
};

}  // namespace

Family elementwise() { return {"elementwise", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
