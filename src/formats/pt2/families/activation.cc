// Activations, softmax and dropout.
#include <cmath>

#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

// Of integers the result is float32.
Status Plain(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  return op.Out(op.Node(op.onnx(), {op.As(x, op.OutType())}));
}

// --- piecewise ---

// Runtimes have Relu for floating-point types alone.
Status Relu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  if (ir::IsFloatingPoint(x.type)) return op.Out(op.Node("Relu", {x.value}));
  const DataType type = ArithmeticType(x.type);
  return op.OutCast(op.Node("Max", {op.As(x, type), op.Scalar(0, type)}), type);
}

Status Relu6(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  return op.Out(op.Clip(x.value, 0, 6, x.type));
}

Status Hardtanh(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double low, op.Float("min_val", -1));
  EDGEOPT_TRY(const double high, op.Float("max_val", 1));
  return op.Out(op.Clip(x.value, low, high, x.type));
}

Status Hardsigmoid(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  return op.Out(op.Node("HardSigmoid", {x.value}, {{"alpha", 1.0F / 6}, {"beta", 0.5F}}));
}

Status LeakyRelu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double slope, op.Float("negative_slope", 0.01));
  return op.Out(op.Node("LeakyRelu", {x.value}, {{"alpha", static_cast<float>(slope)}}));
}

// Outside of training the slope is the middle of its range.
Status Rrelu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double lower, op.Float("lower", 1.0 / 8));
  EDGEOPT_TRY(const double upper, op.Float("upper", 1.0 / 3));
  EDGEOPT_TRY(const bool training, op.Bool("training", false));
  op.Ignore("generator");
  if (training) return op.Unsupported("a random slope, as in training");
  return op.Out(
      op.Node("LeakyRelu", {x.value}, {{"alpha", static_cast<float>((lower + upper) / 2)}}));
}

// One slope, or one per channel of [N, C, ...].
Status Prelu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const Operand weight, op.In("weight"));
  ValueId slope = weight.value;
  if (weight.rank() == 1 && weight.shape[0].value != 1 && x.rank() > 2) {
    std::vector<int64_t> shape(static_cast<size_t>(x.rank() - 1), 1);
    shape.front() = -1;
    slope = op.Reshape(slope, shape);
  }
  return op.Out(op.Node("PRelu", {x.value, slope}));
}

// x where it is above the threshold, else `value`.
Status Threshold(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const ValueId threshold, op.InAs("threshold", x.type));
  EDGEOPT_TRY(const ValueId value, op.InAs("value", x.type));
  return op.Out(op.Node("Where", {op.Node("Greater", {x.value, threshold}), x.value, value}));
}

Status Shrink(OperatorLowering& op, bool soft) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double lambda, op.Float("lambd", 0.5));
  const auto limit = static_cast<float>(lambda);
  return op.Out(op.Node("Shrink", {x.value}, {{"lambd", limit}, {"bias", soft ? limit : 0.0F}}));
}
Status Hardshrink(OperatorLowering& op) { return Shrink(op, /*soft=*/false); }
Status Softshrink(OperatorLowering& op) { return Shrink(op, /*soft=*/true); }

// --- smooth ---

Status Silu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  return op.Out(op.Node("Mul", {x.value, op.Node("Sigmoid", {x.value})}));
}

// "none": x / 2 * (1 + erf(x / sqrt(2))); "tanh": x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715
// x^3))). Hendrycks and Gimpel, arXiv 1606.08415, section 2.
Status Gelu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const std::string approximate, op.String("approximate", "none"));
  const auto scalar = [&](double value) { return op.Scalar(value, x.type); };
  ValueId gate;
  if (approximate == "tanh") {
    const ValueId square = op.Node("Mul", {x.value, x.value});
    const ValueId cube = op.Node("Mul", {square, x.value});
    const ValueId sum = op.Node("Add", {x.value, op.Node("Mul", {cube, scalar(0.044715)})});
    gate = op.Node("Tanh", {op.Node("Mul", {sum, scalar(std::sqrt(2 / M_PI))})});
  } else if (approximate == "none") {
    gate = op.Node("Erf", {op.Node("Div", {x.value, scalar(std::sqrt(2.0))})});
  } else {
    return op.Unsupported("approximation '" + approximate + "'");
  }
  const ValueId product = op.Node("Mul", {x.value, op.Node("Add", {gate, scalar(1)})});
  return op.Out(op.Node("Mul", {product, scalar(0.5)}));
}

Status Elu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double alpha, op.Float("alpha", 1));
  EDGEOPT_TRY(const double scale, op.Float("scale", 1));
  EDGEOPT_TRY(const double input_scale, op.Float("input_scale", 1));
  if (input_scale != 1) return op.Unsupported("a scaled input");
  if (scale == 1) return op.Out(op.Node("Elu", {x.value}, {{"alpha", static_cast<float>(alpha)}}));
  // gamma * x above 0, gamma * alpha * (exp(x) - 1) below.
  return op.Out(
      op.Node("Selu", {x.value},
              {{"alpha", static_cast<float>(alpha)}, {"gamma", static_cast<float>(scale)}}));
}

Status Celu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double alpha, op.Float("alpha", 1));
  return op.Out(op.Node("Celu", {x.value}, {{"alpha", static_cast<float>(alpha)}}));
}

// log(1 + exp(beta x)) / beta; above the threshold PyTorch says x, which is the same from 20 on.
Status Softplus(OperatorLowering& op) {
  constexpr double kSameAsX = 20;
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const double beta, op.Float("beta", 1));
  EDGEOPT_TRY(const double threshold, op.Float("threshold", 20));
  const ValueId scaled = beta == 1 ? x.value : op.Node("Mul", {x.value, op.Scalar(beta, x.type)});
  ValueId result = op.Node("Softplus", {scaled});
  if (beta != 1) result = op.Node("Div", {result, op.Scalar(beta, x.type)});
  if (threshold >= kSameAsX) return op.Out(result);
  const ValueId above = op.Node("Greater", {scaled, op.Scalar(threshold, x.type)});
  return op.Out(op.Node("Where", {above, x.value, result}));
}

Status Mish(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  const ValueId gate = op.Node("Tanh", {op.Node("Softplus", {x.value})});
  return op.Out(op.Node("Mul", {x.value, gate}));
}

// -softplus(-x).
Status LogSigmoid(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  const ValueId softplus = op.Node("Softplus", {op.Node("Neg", {x.value})});
  return op.Out(op.Node("Neg", {softplus}));
}

// The first half of an axis times the sigmoid of the second.
Status Glu(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", -1, x.rank()));
  const auto halves = op.Nodes("Split", 2, {x.value}, {{"axis", axis}});
  return op.Out(op.Node("Mul", {halves[0], op.Node("Sigmoid", {halves[1]})}));
}

// --- along an axis ---

// `dtype`: the type that the input is cast to before.
Status Softmax(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", -1, x.rank()));
  EDGEOPT_TRY(const auto type, op.TypeIfAny("dtype"));
  EDGEOPT_TRY(const bool to_float, op.Bool("half_to_float", false));
  if (x.rank() == 0) return op.Unsupported("a scalar");
  const DataType wanted = to_float ? DataType::kFloat32 : type.value_or(x.type);
  return op.Out(op.Node(op.onnx(), {op.As(x, wanted)}, {{"axis", axis}}));
}

// --- dropout ---

// The in-place forms call their tensor "self".
Status Dropout(OperatorLowering& op) {
  op.Ignore("p");
  EDGEOPT_TRY(const Operand x, op.In(op.Has("self") ? "self" : "input"));
  EDGEOPT_TRY(const bool training, op.Bool("train", false));
  if (training) {
    Error error = op.Unsupported("it drops elements at random, as in training");
    error.hint = "call model.eval() before torch.export.export";
    return error;
  }
  if (!op.OutUnused(1)) return op.Unsupported("the mask as an output");
  return op.OutSame(x);
}

constexpr Rule kRules[] = {
    {.target = "aten._log_softmax.default", .lower = Softmax, .onnx = "LogSoftmax"},
    {.target = "aten._prelu_kernel.default", .lower = Prelu},
    {.target = "aten._softmax.default", .lower = Softmax, .onnx = "Softmax"},
    {.target = "aten.alpha_dropout.default", .lower = Dropout},
    {.target = "aten.celu.default", .lower = Celu},
    {.target = "aten.dropout.default", .lower = Dropout},
    {.target = "aten.elu.default", .lower = Elu},
    {.target = "aten.feature_alpha_dropout.default", .lower = Dropout},
    {.target = "aten.feature_dropout.default", .lower = Dropout},
    {.target = "aten.gelu.default", .lower = Gelu},
    {.target = "aten.glu.default", .lower = Glu},
    {.target = "aten.hardshrink.default", .lower = Hardshrink},
    {.target = "aten.hardsigmoid.default", .lower = Hardsigmoid},
    {.target = "aten.hardswish.default", .lower = Plain, .onnx = "HardSwish"},
    {.target = "aten.hardtanh.default", .lower = Hardtanh},
    {.target = "aten.leaky_relu.default", .lower = LeakyRelu},
    {.target = "aten.log_sigmoid.default", .lower = LogSigmoid},
    {.target = "aten.log_softmax.int", .lower = Softmax, .onnx = "LogSoftmax"},
    {.target = "aten.mish.default", .lower = Mish},
    {.target = "aten.native_dropout.default", .lower = Dropout},
    {.target = "aten.prelu.default", .lower = Prelu},
    {.target = "aten.relu.default", .lower = Relu},
    {.target = "aten.relu6.default", .lower = Relu6},
    {.target = "aten.rrelu.default", .lower = Rrelu},
    {.target = "aten.selu.default", .lower = Plain, .onnx = "Selu"},
    {.target = "aten.sigmoid.default", .lower = Plain, .onnx = "Sigmoid"},
    {.target = "aten.silu.default", .lower = Silu},
    {.target = "aten.softmax.int", .lower = Softmax, .onnx = "Softmax"},
    {.target = "aten.softplus.default", .lower = Softplus},
    {.target = "aten.softshrink.default", .lower = Softshrink},
    {.target = "aten.tanh.default", .lower = Plain, .onnx = "Tanh"},
    {.target = "aten.threshold.default", .lower = Threshold},
};

}  // namespace

Family activation() { return {"activation", kRules}; }

}  // namespace edgeopt::formats::pt2
