// CONV_2D, DEPTHWISE_CONV_2D and CONV_3D as Conv: channels first, weights [O, I / groups,
// spatial...].
#include "formats/tflite/raise/raising.h"
#include "formats/tflite/raise/window.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// What Conv is told beside its inputs.
struct Convolution {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> weight_order;  // TFLite's axes as ONNX has them
  int64_t groups = 1;
  schema::Padding padding = schema::Padding::SAME;
  schema::ActivationFunctionType activation = schema::ActivationFunctionType::NONE;
};

Status AddConv(OperatorRaising& op, const Convolution& conv) {
  const int64_t rank = op.InRank(0);
  EDGEOPT_TRY(const auto window, WindowOf(op, 0, conv.kernel, conv.strides, conv.dilations));
  EDGEOPT_TRY(auto attributes, AttributesOf(op, window, conv.padding));
  attributes.push_back({"kernel_shape", conv.kernel});
  if (conv.groups != 1) attributes.push_back({"group", conv.groups});
  EDGEOPT_TRY(const ValueId bias, op.Bias(2, 0, 1));
  const ValueId result =
      op.Node("Conv", {op.ChannelsFirst(op.In(0), rank), op.Permuted(1, conv.weight_order), bias},
              std::move(attributes));
  return op.Out(op.ChannelsLast(result, rank), conv.activation);
}

// The number of channels, which weights and groups are compared with.
Result<int64_t> ChannelsOf(const OperatorRaising& op) {
  const auto channels = op.InShape(0).back().value;
  if (!channels || *channels < 1) return op.Unsupported("an input of unknown channels");
  return *channels;
}

template <typename Options>
Convolution In2d(const Options& options) {
  Convolution conv;
  conv.strides = {options.stride_h, options.stride_w};
  conv.dilations = {options.dilation_h_factor, options.dilation_w_factor};
  conv.padding = options.padding;
  conv.activation = options.fused_activation_function;
  return conv;
}

Error WrongChannels(int64_t weight, int64_t data) {
  return BadInput("its weights have " + std::to_string(weight) + " channels, its data has " +
                  std::to_string(data));
}

// Weights [O, kH, kW, I / groups].
Status Conv2d(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_CHECK_OK(op.CheckRank(1, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::Conv2DOptionsT>());
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op));
  Convolution conv = In2d(options);
  const auto& weights = op.in(1).shape;
  if (weights[3] < 1 || channels % weights[3] != 0) return WrongChannels(weights[3], channels);
  conv.kernel = {weights[1], weights[2]};
  conv.groups = channels / weights[3];
  conv.weight_order = {0, 3, 1, 2};
  return AddConv(op, conv);
}

// Weights [1, kH, kW, I * multiplier].
Status DepthwiseConv2d(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_CHECK_OK(op.CheckRank(1, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::DepthwiseConv2DOptionsT>());
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op));
  Convolution conv = In2d(options);
  const auto& weights = op.in(1).shape;
  if (weights[0] != 1 || weights[3] < 1 || weights[3] % channels != 0)
    return WrongChannels(weights[3], channels);
  conv.kernel = {weights[1], weights[2]};
  conv.groups = channels;
  conv.weight_order = {3, 0, 1, 2};
  return AddConv(op, conv);
}

// Weights [kD, kH, kW, I, O].
Status Conv3d(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 5, 5));
  EDGEOPT_CHECK_OK(op.CheckRank(1, 5, 5));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::Conv3DOptionsT>());
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op));
  Convolution conv;
  const auto& weights = op.in(1).shape;
  if (weights[3] != channels) return WrongChannels(weights[3], channels);
  conv.kernel = {weights[0], weights[1], weights[2]};
  conv.strides = {options.stride_d, options.stride_h, options.stride_w};
  conv.dilations = {options.dilation_d_factor, options.dilation_h_factor,
                    options.dilation_w_factor};
  conv.padding = options.padding;
  conv.activation = options.fused_activation_function;
  conv.weight_order = {4, 3, 0, 1, 2};
  return AddConv(op, conv);
}

constexpr Rule kRules[] = {
    {.op = Op::CONV_2D, .raise = Conv2d, .inputs = 2, .most_inputs = 3},
    {.op = Op::CONV_3D, .raise = Conv3d, .inputs = 2, .most_inputs = 3},
    {.op = Op::DEPTHWISE_CONV_2D, .raise = DepthwiseConv2d, .inputs = 2, .most_inputs = 3},
};

}  // namespace

Family convolution() { return {"convolution", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
