// Pools, channels first. Padding does not count in an average, as in ONNX by default.
#include "formats/tflite/raise/raising.h"
#include "formats/tflite/raise/window.h"

namespace edgeopt::formats::tflite::raise {
namespace {

Result<ValueId> Pooled(OperatorRaising& op, ValueId x) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::Pool2DOptionsT>());
  const std::vector<int64_t> kernel = {options.filter_height, options.filter_width};
  EDGEOPT_TRY(const auto window,
              WindowOf(op, 0, kernel, {options.stride_h, options.stride_w}, {1, 1}));
  EDGEOPT_TRY(auto attributes, AttributesOf(op, window, options.padding));
  attributes.push_back({"kernel_shape", kernel});
  return op.ChannelsLast(op.Node(op.onnx(), {op.ChannelsFirst(x, 4)}, std::move(attributes)), 4);
}

Status Finish(OperatorRaising& op, ValueId result) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::Pool2DOptionsT>());
  return op.Out(result, options.fused_activation_function);
}

Status Pool(OperatorRaising& op) {
  EDGEOPT_TRY(const ValueId result, Pooled(op, op.In(0)));
  return Finish(op, result);
}

// The root of the mean of the squares.
Status L2Pool(OperatorRaising& op) {
  const ValueId x = op.In(0);
  EDGEOPT_TRY(const ValueId mean, Pooled(op, op.Node("Mul", {x, x})));
  return Finish(op, op.Node("Sqrt", {mean}));
}

constexpr Rule kRules[] = {
    {.op = Op::AVERAGE_POOL_2D, .raise = Pool, .onnx = "AveragePool"},
    {.op = Op::L2_POOL_2D, .raise = L2Pool, .onnx = "AveragePool"},
    {.op = Op::MAX_POOL_2D, .raise = Pool, .onnx = "MaxPool"},
};

}  // namespace

Family pooling() { return {"pooling", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
