// weight-int8: int8 weights for runtimes that quantize the activations themselves while they run.
//
// Before:   Conv(x, W, b)
// After:    Conv(x, DequantizeLinear(W int8, scale per output channel, 0), b)
// Requires: a float32 constant weight of 1024 elements or more that only such operators read:
//           Conv with group 1, ConvTranspose, Gemm, MatMul with a matrix. Depthwise convolutions
//           hold few weights, and XNNPACK has no such kernel for them.
// Maths:    symmetric, narrow range [-127, 127], one scale per output channel (LiteRT's 8-bit
//           quantization specification, CONV_2D and FULLY_CONNECTED).
// Numerics: the graph computes with the rounded weights; what a runtime does to the activations is
//           not in it.
// Source:   LiteRT, "Post-training quantization", dynamic range.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"
#include "passes/quantize/exclusions.h"

namespace edgeopt::passes::quantize {

struct WeightInt8Report {
  std::vector<std::string> nodes;  // whose weights are int8 now
  struct Skip {
    std::string node, op_type, reason;
  };
  std::vector<Skip> skips;  // those that have weights, and keep them in float
};

// Changes the main graph. UsageError for an exclusion that fits no node; BadInput for a weight that
// is not finite.
Result<WeightInt8Report> QuantizeWeightsToInt8(ir::Model& model, const Exclusions& exclusions);

}  // namespace edgeopt::passes::quantize
