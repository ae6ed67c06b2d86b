// TRANSPOSE_CONV as ConvTranspose: channels first, weights [I, O, kH, kW].
//
// TFLite says which size comes out; SAME and VALID are those of the convolution that has this
// output as its input: begin of the pads says where it is cut off.
#include "formats/tflite/raise/raising.h"
#include "formats/tflite/raise/window.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// pads [begin..., end...] and output_padding of the axes.
Result<std::vector<ir::Attribute>> PlaceOutputs(const OperatorRaising& op,
                                                const std::vector<WindowAxis>& window,
                                                const std::vector<int64_t>& size,
                                                schema::Padding padding) {
  std::vector<int64_t> strides, begins, ends, more;
  for (size_t i = 0; i < window.size(); ++i) {
    const WindowAxis& axis = window[i];
    if (!axis.in) return op.Unsupported("an input of unknown size");
    const int64_t out = size[i + 1];
    const int64_t begin = padding == schema::Padding::SAME ? SamePads(axis, out).begin : 0;
    const int64_t full = (*axis.in - 1) * axis.stride + axis.kernel;
    strides.push_back(axis.stride);
    begins.push_back(begin);
    ends.push_back(std::max<int64_t>(full - begin - out, 0));
    more.push_back(std::max<int64_t>(out + begin - full, 0));
    if (more.back() >= axis.stride)
      return op.Unsupported("an output of " + std::to_string(out) +
                            " elements, more than its stride leads to");
  }
  begins.insert(begins.end(), ends.begin(), ends.end());
  return std::vector<ir::Attribute>{
      {"strides", strides}, {"pads", begins}, {"output_padding", more}};
}

// Inputs: size of the output, weights [O, kH, kW, I], data, perhaps a bias.
Status TransposeConv(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(1, 4, 4));
  EDGEOPT_CHECK_OK(op.CheckRank(2, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::TransposeConvOptionsT>());
  EDGEOPT_TRY(const auto size, op.IntsIn(0));
  if (size.size() != 4) return BadInput("the size of its output has another rank than 4");
  const auto& weights = op.in(1).shape;
  const std::vector<int64_t> kernel = {weights[1], weights[2]};
  EDGEOPT_TRY(const auto window,
              WindowOf(op, 2, kernel, {options.stride_h, options.stride_w}, {1, 1}));
  EDGEOPT_TRY(auto attributes, PlaceOutputs(op, window, size, options.padding));
  attributes.push_back({"kernel_shape", kernel});
  EDGEOPT_TRY(const ValueId bias, op.Bias(3, 2, 1));
  const ValueId result =
      op.Node("ConvTranspose", {op.ChannelsFirst(op.In(2), 4), op.Permuted(1, {3, 0, 1, 2}), bias},
              std::move(attributes));
  return op.Out(op.ChannelsLast(result, 4), options.fused_activation_function);
}

constexpr Rule kRules[] = {
    {.op = Op::TRANSPOSE_CONV, .raise = TransposeConv, .inputs = 3, .most_inputs = 4},
};

}  // namespace

Family transposed_convolution() { return {"transposed_convolution", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
