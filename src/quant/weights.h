// Weights and biases as integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "quant/params.h"

namespace edgeopt::quant {

// A tensor seen from its channel axis: outer is the product of the dimensions before it, inner of
// those behind it. Element (o, c, i) lies at (o * channels + c) * inner + i. One scale for the
// whole tensor: {1, 1, size}. Blocks of a row-major matrix along its last axis: {1, blocks, block
// size}.
struct WeightLayout {
  size_t outer = 1;
  size_t channels = 1;
  size_t inner = 1;
  size_t size() const { return outer * channels * inner; }
};

struct WeightOptions {
  // Of 4 or 8 bits.
  Scheme scheme = kInt8WeightScheme;
  // Searches each channel's range for the smallest squared error instead of taking all of it.
  bool least_squares = false;
};

struct QuantizedWeights {
  Scheme scheme;
  WeightLayout layout;
  // In the order of the input, one byte each: int8 (two's complement), uint8, or 4 bits sign- or
  // zero-extended (int4.h packs them).
  std::vector<uint8_t> values;
  // One per channel.
  std::vector<float> scales;
  std::vector<int32_t> zero_points;

  QuantParams params(size_t channel) const;
};

// A channel of zeros only (or too small for a normal float scale) takes the largest scale of the
// other channels, or 1: its weights are zero with any scale, and its bias, whose scale is a
// multiple of it, stays as exact as its neighbours'. BadInput when a weight is NaN or infinite,
// naming its index, or when the sizes disagree; Unsupported for schemes of 16 bits.
Result<QuantizedWeights> QuantizeWeights(std::span<const float> weights, WeightLayout layout,
                                         const WeightOptions& options = {});
// Again with scales (one per channel) that were changed since.
void Requantize(std::span<const float> weights, QuantizedWeights& quantized);
// What the runtime computes with.
std::vector<float> Dequantize(const QuantizedWeights& quantized);

struct QuantizedBias {
  std::vector<int32_t> values;
  // input_scale * weight scale, one per channel, or one for all; zero points are 0.
  std::vector<float> scales;
  // Values that did not fit 32 bits and saturated.
  size_t clamped = 0;
};

// round(bias / (input_scale * weight_scale[c])) as int32. `weight_scales` has one value, or one for
// each bias. BadInput when a bias is not finite or the sizes disagree.
Result<QuantizedBias> QuantizeBias(std::span<const float> bias, float input_scale,
                                   std::span<const float> weight_scales);

// Widens weight scales whose product with input_scale is too small for the bias to fit 32 bits, as
// ONNX Runtime's quantizer does (by the same margin of 1.0001): then the weights need Requantize.
// Returns the number of scales that changed.
size_t WidenScalesForBias(std::span<const float> bias, float input_scale,
                          std::span<float> weight_scales);

}  // namespace edgeopt::quant
