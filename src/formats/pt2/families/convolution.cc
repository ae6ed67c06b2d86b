// Convolutions and transposed convolutions: data [N, C, spatial...] or without N, weights
// [O, I / groups, spatial...] and [I, O / groups, spatial...], as in ONNX.
#include <cstdint>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// What the node is told beside its inputs.
struct Convolution {
  std::vector<int64_t> pads;  // at the beginnings, then at the ends
  std::vector<int64_t> output_padding;
  bool transposed = false;
};

std::vector<int64_t> BothEnds(const std::vector<int64_t>& pads) {
  std::vector<int64_t> both = pads;
  both.insert(both.end(), pads.begin(), pads.end());
  return both;
}

// The kernel's sizes.
Result<ir::Dims> KernelOf(const Operand& weight) {
  const auto dims = weight.dims();
  if (!dims || dims->size() < 3)
    return BadInput("its weight has shape " + ir::ToString(weight.shape) +
                    "; expected 3 known sizes at least");
  return ir::Dims(dims->begin() + 2, dims->end());
}

Result<ValueId> ConvolutionOf(OperatorLowering& op, const Convolution& conv) {
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const Operand weight, op.In("weight"));
  EDGEOPT_TRY(const ValueId bias, op.InOrNone("bias"));
  EDGEOPT_TRY(const ir::Dims kernel, KernelOf(weight));
  const size_t spatial = kernel.size();
  EDGEOPT_TRY(auto strides, op.Ints("stride", spatial, std::vector<int64_t>(spatial, 1)));
  EDGEOPT_TRY(auto dilations, op.Ints("dilation", spatial, std::vector<int64_t>(spatial, 1)));
  EDGEOPT_TRY(const int64_t groups, op.Int("groups", 1));
  std::vector<ir::Attribute> attributes = {{"kernel_shape", kernel},
                                           {"strides", std::move(strides)},
                                           {"pads", conv.pads},
                                           {"dilations", std::move(dilations)},
                                           {"group", groups}};
  if (conv.transposed && !conv.output_padding.empty())
    attributes.push_back({"output_padding", conv.output_padding});
  const bool batched = x.rank() == weight.rank();
  if (!batched && x.rank() + 1 != weight.rank())
    return BadInput("its data has rank " + std::to_string(x.rank()) + ", its weight " +
                    std::to_string(weight.rank()));
  const ValueId data = batched ? x.value : op.Unsqueeze(x.value, {0});
  const ValueId result = op.Node(conv.transposed ? "ConvTranspose" : "Conv",
                                 {data, weight.value, bias}, std::move(attributes));
  return batched ? result : op.Squeeze(result, {0});
}

Result<size_t> SpatialAxes(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand weight, op.In("weight"));
  if (weight.rank() < 3)
    return BadInput("its weight has shape " + ir::ToString(weight.shape) +
                    "; expected rank 3 to 5");
  return static_cast<size_t>(weight.rank() - 2);
}

Status Conv(OperatorLowering& op) {
  EDGEOPT_TRY(const size_t spatial, SpatialAxes(op));
  EDGEOPT_TRY(const auto pads, op.Ints("padding", spatial, std::vector<int64_t>(spatial, 0)));
  EDGEOPT_TRY(const ValueId result, ConvolutionOf(op, {.pads = BothEnds(pads)}));
  return op.Out(result);
}

// "same": as much padding as the kernel reaches over, the odd one at the end.
Status ConvPadding(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand weight, op.In("weight"));
  EDGEOPT_TRY(const ir::Dims kernel, KernelOf(weight));
  EDGEOPT_TRY(const std::string padding, op.String("padding", "valid"));
  const size_t spatial = kernel.size();
  EDGEOPT_TRY(const auto dilations, op.Ints("dilation", spatial, std::vector<int64_t>(spatial, 1)));
  Convolution conv{.pads = std::vector<int64_t>(2 * spatial, 0)};
  if (padding == "same") {
    for (size_t i = 0; i < spatial; ++i) {
      if (dilations[i] < 1 || dilations[i] > INT32_MAX || kernel[i] < 1 || kernel[i] > INT32_MAX)
        return BadInput("its kernel or dilation has a size below 1 or beyond 2^31");
      const int64_t total = dilations[i] * (kernel[i] - 1);
      conv.pads[i] = total / 2;
      conv.pads[spatial + i] = total - total / 2;
    }
  } else if (padding != "valid") {
    return op.Unsupported("padding '" + padding + "'");
  }
  EDGEOPT_TRY(const ValueId result, ConvolutionOf(op, conv));
  return op.Out(result);
}

Result<Convolution> Transposed(OperatorLowering& op) {
  EDGEOPT_TRY(const size_t spatial, SpatialAxes(op));
  Convolution conv{.transposed = true};
  const std::vector<int64_t> none(spatial, 0);
  EDGEOPT_TRY(const auto pads, op.Ints("padding", spatial, none));
  EDGEOPT_TRY(conv.output_padding, op.Ints("output_padding", spatial, none));
  conv.pads = BothEnds(pads);
  return conv;
}

Status ConvTranspose(OperatorLowering& op) {
  EDGEOPT_TRY(const Convolution conv, Transposed(op));
  EDGEOPT_TRY(const ValueId result, ConvolutionOf(op, conv));
  return op.Out(result);
}

// The form that decompositions leave.
Status AnyConvolution(OperatorLowering& op) {
  EDGEOPT_TRY(const bool transposed, op.Bool("transposed", false));
  if (transposed) return ConvTranspose(op);
  op.Ignore("output_padding");
  return Conv(op);
}

constexpr Rule kRules[] = {
    {.target = "aten.conv1d.default", .lower = Conv},
    {.target = "aten.conv1d.padding", .lower = ConvPadding},
    {.target = "aten.conv2d.default", .lower = Conv},
    {.target = "aten.conv2d.padding", .lower = ConvPadding},
    {.target = "aten.conv3d.default", .lower = Conv},
    {.target = "aten.conv3d.padding", .lower = ConvPadding},
    {.target = "aten.conv_transpose1d.default", .lower = ConvTranspose},
    {.target = "aten.conv_transpose2d.input", .lower = ConvTranspose},
    {.target = "aten.conv_transpose3d.input", .lower = ConvTranspose},
    {.target = "aten.convolution.default", .lower = AnyConvolution},
};

}  // namespace

Family convolution() { return {"convolution", kRules}; }

}  // namespace edgeopt::formats::pt2
