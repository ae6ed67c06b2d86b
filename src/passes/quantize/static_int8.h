// Static quantization, second half: the model in Q/DQ form, from a plan and the parameters of its
// values.
#pragma once

#include <map>
#include <string>

#include "ir/model.h"
#include "passes/quantize/bias_correction.h"
#include "passes/quantize/plan.h"

namespace edgeopt::passes::quantize {

// real = (q - zero_point) * scale, q in the activation type of the rule set.
struct ActivationParams {
  float scale = 1.0f;
  int32_t zero_point = 0;
};

struct StaticOptions {
  bool reduced_range = false;  // 7-bit weights: x86 without VNNI; not for symmetric rule sets
  // Of the inputs of layers, where known: their biases are corrected.
  ChannelMeans means;
};

// Rewrites the model: weights int8 per channel behind a DequantizeLinear, biases int32 (of
// symmetric rule sets: float32, as they are), a QuantizeLinear directly behind each int8 operator
// and one DequantizeLinear for all its readers (of inputs-only sets: before the int8 readers
// alone); absorbed Relus and Clips are removed. `params` holds each name of plan.observe; a value
// behind an absorbed activation must have a range inside that activation's bounds (the caller cuts
// it), so that saturation equals the activation. Names of inputs and outputs stay.
Status QuantizeStatic(ir::Model& model, const StaticPlan& plan,
                      const std::map<std::string, ActivationParams>& params,
                      const StaticOptions& options);

}  // namespace edgeopt::passes::quantize
