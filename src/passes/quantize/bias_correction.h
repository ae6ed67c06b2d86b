// The rounding of a layer's weights, times inputs whose mean is not zero (behind a Relu none is),
// shifts each output channel by the same amount in every sample. The bias takes it back.
//
// Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction"
// (2019), section 4.2, with means that were observed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/quantize/constants.h"

namespace edgeopt::passes::quantize {

// By value name: the mean of each channel.
using ChannelMeans = std::map<std::string, std::vector<float>>;

// The inputs of Convs and Gemms with constant weights; their channels are axis 1. (A MatMul has no
// bias; each output of a ConvTranspose sums over another part of its kernel.)
std::set<std::string> ValuesToAverage(const ir::Graph& graph);

// Per output channel, the sum over its weights of (weight - quantized) times the mean of the
// channel that the weight is for. `axis` is the weight's channel axis. nullopt when the node is of
// no such kind, or the means are not one per channel.
std::optional<std::vector<float>> LostMeans(const ir::Node& node, const ir::Tensor& weight,
                                            const QuantizedTensor& quantized, int64_t axis,
                                            const std::vector<float>& means);

}  // namespace edgeopt::passes::quantize
