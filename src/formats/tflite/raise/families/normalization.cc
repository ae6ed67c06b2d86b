// L2_NORMALIZATION and LOCAL_RESPONSE_NORMALIZATION: across the last axis, the channels.
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// Below it LiteRT divides by it instead of the norm.
constexpr double kSmallestNorm = 1e-6;

Status L2Normalization(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 1, 8));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::L2NormOptionsT>());
  const ValueId norm = op.Reduce("ReduceL2", op.In(0), {op.InRank(0) - 1}, true);
  const ValueId divisor = op.Node("Max", {norm, op.Scalar(kSmallestNorm)});
  return op.Out(op.Node("Div", {op.In(0), divisor}), options.fused_activation_function);
}

// ONNX divides alpha by the number of channels that are summed.
Status LocalResponseNormalization(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::LocalResponseNormalizationOptionsT>());
  if (options.radius < 0) return BadInput("its radius is " + std::to_string(options.radius));
  const int64_t size = 2 * int64_t{options.radius} + 1;
  const ValueId result = op.Node("LRN", {op.ChannelsFirst(op.In(0), 4)},
                                 {{"size", size},
                                  {"alpha", options.alpha * static_cast<float>(size)},
                                  {"beta", options.beta},
                                  {"bias", options.bias}});
  return op.Out(op.ChannelsLast(result, 4));
}

constexpr Rule kRules[] = {
    {.op = Op::L2_NORMALIZATION, .raise = L2Normalization},
    {.op = Op::LOCAL_RESPONSE_NORMALIZATION, .raise = LocalResponseNormalization},
};

}  // namespace

Family normalization() { return {"normalization", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
