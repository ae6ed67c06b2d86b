// Convolutions. MACs = output elements * weight elements per output channel; a transposed
// convolution spreads each input element instead.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

// Weight [M, C / group, k...]: the products that make one output element.
int64_t ElementsPerOutputChannel(const ir::Dims& weight) {
  return Elements(ir::Dims(weight.begin() + 1, weight.end()));
}

template <size_t kWeightInput>
std::optional<Work> ConvCost(const Operands& operands) {
  const ir::Dims *weight = operands.input(kWeightInput), *out = operands.output();
  if (!weight || weight->empty() || !out) return std::nullopt;
  return Work{.macs = SaturatingMultiply(Elements(*out), ElementsPerOutputChannel(*weight))};
}

// Weight [C, M / group, k...].
std::optional<Work> TransposedCost(const Operands& operands) {
  const ir::Dims *weight = operands.input(1), *in = operands.input(0);
  if (!weight || weight->empty() || !in) return std::nullopt;
  return Work{.macs = SaturatingMultiply(Elements(*in), ElementsPerOutputChannel(*weight))};
}

int64_t AxisZero(const ir::Node&, int64_t) { return 0; }
// With groups the output channels are spread over both axes, and no single axis is right.
int64_t TransposedAxis(const ir::Node& node, int64_t) {
  return node.IntOr("group", 1) == 1 ? 1 : -1;
}

constexpr Operator kRows[] = {
    {.type = "Conv", .cost = ConvCost<1>, .weight_input = 1, .weight_axis = AxisZero},
    {.type = "CausalConvWithState",
     .cost = ConvCost<1>,
     .weight_input = 1,
     .weight_axis = AxisZero},
    {.type = "ConvInteger", .cost = ConvCost<1>, .weight_input = 1, .weight_axis = AxisZero},
    {.type = "ConvTranspose",
     .cost = TransposedCost,
     .weight_input = 1,
     .weight_axis = TransposedAxis},
    {.type = "DeformConv",
     .cost = ConvCost<1>,
     .weight_input = 1,
     .weight_axis = AxisZero,
     .hard_to_quantize = "it samples at computed positions; no runtime has an integer kernel"},
    {.type = "QLinearConv", .cost = ConvCost<3>, .weight_input = 3, .weight_axis = AxisZero},
    {.type = "FusedConv",
     .domain = "com.microsoft",
     .cost = ConvCost<1>,
     .weight_input = 1,
     .weight_axis = AxisZero},
};

}  // namespace

Family convolution() { return {"convolution", kRows}; }

}  // namespace edgeopt::ops
