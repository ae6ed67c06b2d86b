// FP16: weights and graph in float16; inputs and outputs stay float32, and so does what float16
// can't hold.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/quantize/exclusions.h"

namespace edgeopt::passes::quantize {

struct Float16Options {
  Exclusions exclusions;
  // Observed magnitudes by value name (largest |x| on calibration data); empty: not observed.
  std::map<std::string, float> observed_magnitude;
};

struct Float16Report {
  struct Kept {
    std::string label, op_type, reason;
  };
  int64_t converted_nodes = 0;
  std::vector<Kept> kept;           // nodes that stay float32, each with its reason
  int64_t underflowed_weights = 0;  // non-zero weights that became zero (below 2^-25)
  int64_t weights_bytes_before = 0, weights_bytes_after = 0;
};

// Requires inferred types. Every float32 value made by a converted node becomes float16; Casts
// stand where the two meet (one per value and direction). A node stays float32 when it is excluded,
// when ONNX or the runtime defines it for float32 only, when it has subgraphs or a value read
// inside one, when a weight exceeds 65504 (the largest float16, IEEE 754-2008), or when an observed
// value does.
Result<Float16Report> ConvertFloat16(ir::Model& model, const Float16Options& options);

}  // namespace edgeopt::passes::quantize
