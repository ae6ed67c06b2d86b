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

// What happens to the quantized part of a model in Q/DQ form.
enum class QuantizedPart {
  // Q and DQ stay float32, what reads them becomes float16: a Cast between the two.
  kCasts,
  // What reads a DQ stays float32, and so do the activations and Adds behind it that fuse with it:
  // nothing stands between DQ, operator and the next Q, and the Casts stand outside. Any opset, any
  // TensorRT from 8.6 on.
  kFloat32,
  // Q and DQ become float16 with float16 scales, and the rest with them: no Cast at all. ONNX
  // allows that since opset 19, TensorRT reads it since 10.0 (8.6 takes every scale for float32:
  // onnx-tensorrt, QuantDequantLinearHelper); there a strongly typed DQ gives the type of its
  // scale.
  kFloat16Scales,
};

struct Float16Options {
  Exclusions exclusions;
  // Observed magnitudes by value name (largest |x| on calibration data); empty: not observed.
  std::map<std::string, float> observed_magnitude;
  QuantizedPart quantized = QuantizedPart::kCasts;
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
// value does. With kFloat16Scales the channels of a weight whose scale float16 can't hold
// to half a step of 8 bits (below 2^-17) get a larger one; a Q or DQ of an activation with such a
// scale stays float32. Unsupported for that mode below opset 19.
Result<Float16Report> ConvertFloat16(ir::Model& model, const Float16Options& options);

}  // namespace edgeopt::passes::quantize
