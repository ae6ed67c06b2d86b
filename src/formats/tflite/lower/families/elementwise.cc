// Operators of one input, element by element, and those of two with NumPy's broadcasting, that
// TFLite has as they are.
#include <limits>
#include <type_traits>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

template <Op kOp, typename Options = void>
Status Unary(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  if constexpr (std::is_void_v<Options>)
    node.file().Add(kOp, {input}, {output});
  else
    node.file().Add(kOp, {input}, {output}, Options{});
  return OkStatus();
}

// In int8 the kernels want this scale, 1 / kSteps, and zero point of their output, in int16 2^-15.
template <Op kOp, int kSteps, int kZeroPoint>
Status FixedScale(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex fixed, node.FixedOut(1.0f / kSteps, kZeroPoint));
  node.file().Add(kOp, {input}, {fixed});
  return node.AddRequantization(fixed);
}

template <Op kOp, typename Options>
Status Binary(NodeLowering& node) {
  Options options;
  if constexpr (requires { options.fused_activation_function; })
    options.fused_activation_function = node.Activation();
  // Its default is a kernel for scales that are powers of two.
  if constexpr (requires { options.pot_scale_int16; })
    if (node.wide()) options.pot_scale_int16 = false;
  EDGEOPT_TRY(const TensorIndex left, node.In(0));
  EDGEOPT_TRY(const TensorIndex right, node.In(1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(kOp, {left, right}, {output}, options);
  return OkStatus();
}

// Max, Min, Sum of any number of inputs: one after the other.
template <Op kOp, typename Options>
Status Variadic(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  EDGEOPT_TRY(TensorIndex left, node.In(0));
  const size_t count = node.node().inputs.size();
  if (count == 1) return node.ReshapeTo(left, node.file().ShapeOf(output), output);
  for (size_t slot = 1; slot < count; ++slot) {
    EDGEOPT_TRY(const TensorIndex right, node.In(slot));
    TensorIndex result = output;
    if (slot + 1 < count) {
      EDGEOPT_TRY(result, node.TempLike(output, *node.OutType().shape, "partial"));
    }
    node.file().Add(kOp, {left, right}, {result}, Options{});
    left = result;
  }
  return OkStatus();
}

// The sum of all inputs by their number.
Status Mean(NodeLowering& node) {
  Composer c(node);
  TensorIndex sum = c.In(0);
  const size_t count = node.node().inputs.size();
  for (size_t slot = 1; slot < count; ++slot) sum = c.Binary(Op::ADD, sum, c.In(slot));
  return c.Finish(Op::DIV, sum, c.Scalar(static_cast<double>(count)));
}

Status LeakyRelu(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::LeakyReluOptionsT options;
  options.alpha = node.node().FloatOr("alpha", 0.01f);
  node.file().Add(Op::LEAKY_RELU, {input}, {output}, options);
  return OkStatus();
}

Status Gelu(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::GeluOptionsT options;
  options.approximate = node.node().StringOr("approximate", "none") == "tanh";
  node.file().Add(Op::GELU, {input}, {output}, options);
  return OkStatus();
}

// 1 / x.
Status Reciprocal(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex one, node.Scalar(1, node.InType(0).element));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::DIV, {one, input}, {output}, schema::DivOptionsT{});
  return OkStatus();
}

// Clip with any limits: RELU and its like where they fit, else MINIMUM and MAXIMUM. Infinite limits
// are none: XNNPACK (LiteRT 2.1.4) forgets the lower one behind a FULLY_CONNECTED where the upper
// one is infinite.
Status Clip(NodeLowering& node) {
  EDGEOPT_TRY(TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  const auto low = node.ScalarIn(1), high = node.ScalarIn(2);
  const bool is_float = node.InType(0).element == ir::DataType::kFloat32;
  const auto one = [&](Op op) { node.file().Add(op, {input}, {output}); };
  if (is_float && low == 0 && high == 6) return one(Op::RELU6), OkStatus();
  if (is_float && low == 0 && high == 1) return one(Op::RELU_0_TO_1), OkStatus();
  if (is_float && low == -1 && high == 1) return one(Op::RELU_N1_TO_1), OkStatus();
  const bool has_low = node.has_input(1) && low != -std::numeric_limits<double>::infinity();
  const bool has_high = node.has_input(2) && high != std::numeric_limits<double>::infinity();
  if (is_float && low == 0 && !has_high) return one(Op::RELU), OkStatus();
  if (has_low) {
    EDGEOPT_TRY(const TensorIndex limit, node.In(1));
    TensorIndex result = output;
    if (has_high) {
      EDGEOPT_TRY(result, node.TempLike(output, *node.OutType().shape, "raised"));
    }
    node.file().Add(Op::MAXIMUM, {input, limit}, {result}, schema::MaximumMinimumOptionsT{});
    input = result;
  }
  if (!has_high)
    return has_low ? OkStatus() : node.ReshapeTo(input, node.file().ShapeOf(output), output);
  EDGEOPT_TRY(const TensorIndex limit, node.In(2));
  node.file().Add(Op::MINIMUM, {input, limit}, {output}, schema::MaximumMinimumOptionsT{});
  return OkStatus();
}

// Both operands of TFLite's POW have one type.
Status Pow(NodeLowering& node) {
  const ir::DataType type = node.InType(0).element;
  EDGEOPT_TRY(const TensorIndex base, node.In(0));
  EDGEOPT_TRY(TensorIndex exponent, node.In(1));
  if (node.InType(1).element != type) {
    if (type != ir::DataType::kFloat32)
      return node.Unsupported("an integer to the power of another type");
    EDGEOPT_TRY(exponent, node.Cast(exponent, type, "exponent"));
  }
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::POW, {base, exponent}, {output}, schema::PowOptionsT{});
  return OkStatus();
}

Status Cast(NodeLowering& node) {
  static constexpr Rule kTarget{.types = Types::kCast};
  EDGEOPT_CHECK_OK(CheckTypes(kTarget, node.OutType().element));
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::CastOptionsT options;
  options.in_data_type = node.tensor(input).type;
  options.out_data_type = node.tensor(output).type;
  node.file().Add(Op::CAST, {input}, {output}, options);
  return OkStatus();
}

Status Where(NodeLowering& node) {
  std::vector<TensorIndex> inputs;
  for (size_t slot = 0; slot < 3; ++slot) {
    EDGEOPT_TRY(const TensorIndex input, node.In(slot));
    inputs.push_back(input);
  }
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::SELECT_V2, std::move(inputs), {output}, schema::SelectV2OptionsT{});
  return OkStatus();
}

constexpr Rule kRules[] = {
    {.op_type = "Abs", .lower = Unary<Op::ABS, schema::AbsOptionsT>, .types = Types::kFloatInt32},
    {.op_type = "Add",
     .lower = Binary<Op::ADD, schema::AddOptionsT>,
     .types = Types::kFloatInt,
     .integer = true,
     .fuses_activation = true},
    {.op_type = "And",
     .lower = Binary<Op::LOGICAL_AND, schema::LogicalAndOptionsT>,
     .types = Types::kBool},
    {.op_type = "Cast", .lower = Cast, .types = Types::kCast},
    {.op_type = "Ceil", .lower = Unary<Op::CEIL>},
    {.op_type = "Clip", .lower = Clip, .types = Types::kFloatInt},
    {.op_type = "Cos", .lower = Unary<Op::COS, schema::CosOptionsT>},
    {.op_type = "Div",
     .lower = Binary<Op::DIV, schema::DivOptionsT>,
     .types = Types::kFloatInt32,
     .fuses_activation = true},
    {.op_type = "Equal",
     .lower = Binary<Op::EQUAL, schema::EqualOptionsT>,
     .types = Types::kFloatInt},
    {.op_type = "Exp", .lower = Unary<Op::EXP, schema::ExpOptionsT>},
    {.op_type = "Floor", .lower = Unary<Op::FLOOR>},
    {.op_type = "Gelu", .lower = Gelu},
    {.op_type = "Greater",
     .lower = Binary<Op::GREATER, schema::GreaterOptionsT>,
     .types = Types::kFloatInt},
    {.op_type = "GreaterOrEqual",
     .lower = Binary<Op::GREATER_EQUAL, schema::GreaterEqualOptionsT>,
     .types = Types::kFloatInt},
    {.op_type = "HardSwish", .lower = Unary<Op::HARD_SWISH, schema::HardSwishOptionsT>},
    {.op_type = "LeakyRelu", .lower = LeakyRelu, .integer = true},
    {.op_type = "Less", .lower = Binary<Op::LESS, schema::LessOptionsT>, .types = Types::kFloatInt},
    {.op_type = "LessOrEqual",
     .lower = Binary<Op::LESS_EQUAL, schema::LessEqualOptionsT>,
     .types = Types::kFloatInt},
    {.op_type = "Log", .lower = Unary<Op::LOG>},
    {.op_type = "Max",
     .lower = Variadic<Op::MAXIMUM, schema::MaximumMinimumOptionsT>,
     .types = Types::kFloatInt},
    {.op_type = "Mean", .lower = Mean},
    {.op_type = "Min",
     .lower = Variadic<Op::MINIMUM, schema::MaximumMinimumOptionsT>,
     .types = Types::kFloatInt},
    {.op_type = "Mul",
     .lower = Binary<Op::MUL, schema::MulOptionsT>,
     .types = Types::kFloatInt,
     .integer = true,
     .fuses_activation = true},
    {.op_type = "Neg", .lower = Unary<Op::NEG, schema::NegOptionsT>, .types = Types::kFloatInt},
    {.op_type = "Not",
     .lower = Unary<Op::LOGICAL_NOT, schema::LogicalNotOptionsT>,
     .types = Types::kBool},
    {.op_type = "Or",
     .lower = Binary<Op::LOGICAL_OR, schema::LogicalOrOptionsT>,
     .types = Types::kBool},
    {.op_type = "Pow", .lower = Pow, .types = Types::kFloatInt32},
    {.op_type = "Reciprocal", .lower = Reciprocal},
    {.op_type = "Relu", .lower = Unary<Op::RELU>, .integer = true},
    {.op_type = "Round", .lower = Unary<Op::ROUND>},
    {.op_type = "Sigmoid", .lower = FixedScale<Op::LOGISTIC, 256, -128>, .integer = true},
    {.op_type = "Sign", .lower = Unary<Op::SIGN, schema::SignOptionsT>},
    {.op_type = "Sin", .lower = Unary<Op::SIN>},
    {.op_type = "Sqrt", .lower = Unary<Op::SQRT>},
    {.op_type = "Sub",
     .lower = Binary<Op::SUB, schema::SubOptionsT>,
     .types = Types::kFloatInt,
     .integer = true,
     .fuses_activation = true},
    {.op_type = "Sum", .lower = Variadic<Op::ADD, schema::AddOptionsT>},
    {.op_type = "Tanh", .lower = FixedScale<Op::TANH, 128, 0>, .integer = true},
    {.op_type = "Xor",
     .lower = Binary<Op::NOT_EQUAL, schema::NotEqualOptionsT>,
     .types = Types::kBool},
    {.op_type = "Where", .lower = Where, .types = Types::kStorage, .typed_input = 1},
};

}  // namespace

Family elementwise() { return {"elementwise", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
