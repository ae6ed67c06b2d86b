// Activations, and functions along the last axis.
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

Status Plain(OperatorRaising& op) { return op.Out(op.Node(op.onnx(), {op.In(0)})); }

template <int kLow, int kHigh>
Status Limited(OperatorRaising& op) {
  return op.Out(op.Clip(op.In(0), kLow, kHigh, op.InType(0)));
}

Status Gelu(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::GeluOptionsT>());
  return op.Out(op.Node("Gelu", {op.In(0)},
                        {{"approximate", std::string(options.approximate ? "tanh" : "none")}}));
}

Status LeakyRelu(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::LeakyReluOptionsT>());
  return op.Out(op.Node("LeakyRelu", {op.In(0)}, {{"alpha", options.alpha}}));
}

Status PRelu(OperatorRaising& op) { return op.Out(op.Node("PRelu", {op.In(0), op.In(1)})); }

Status Softmax(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 1, 8));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::SoftmaxOptionsT>());
  ValueId x = op.In(0);
  if (options.beta != 1) x = op.Node("Mul", {x, op.Scalar(options.beta)});
  return op.Out(op.Node("Softmax", {x}, {{"axis", int64_t{-1}}}));
}

Status LogSoftmax(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 1, 8));
  return op.Out(op.Node("LogSoftmax", {op.In(0)}, {{"axis", int64_t{-1}}}));
}

constexpr Rule kRules[] = {
    {.op = Op::ELU, .raise = Plain, .onnx = "Elu"},
    {.op = Op::GELU, .raise = Gelu},
    {.op = Op::HARD_SWISH, .raise = Plain, .onnx = "HardSwish"},
    {.op = Op::LEAKY_RELU, .raise = LeakyRelu},
    {.op = Op::LOGISTIC, .raise = Plain, .onnx = "Sigmoid"},
    {.op = Op::LOG_SOFTMAX, .raise = LogSoftmax},
    {.op = Op::PRELU, .raise = PRelu, .inputs = 2},
    {.op = Op::RELU, .raise = Plain, .onnx = "Relu"},
    {.op = Op::RELU6, .raise = Limited<0, 6>},
    {.op = Op::RELU_0_TO_1, .raise = Limited<0, 1>},
    {.op = Op::RELU_N1_TO_1, .raise = Limited<-1, 1>},
    {.op = Op::SOFTMAX, .raise = Softmax},
    {.op = Op::TANH, .raise = Plain, .onnx = "Tanh"},
};

}  // namespace

Family activation() { return {"activation", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
