// What TensorRT made of a network: the engine's layers, the precision each computes in, and which
// of those that should be INT8 are not. Pure: --exportLayerInfo's text in.
//
// Source: the engine inspector's JSON as in the engine explorer's examples (8.x) and its table of
// formats (8.x and 10.x), trex/activations.py and trex/layer.py in NVIDIA/TensorRT.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"
#include "runtimes/runtime.h"
#include "runtimes/tensorrt/trtexec_results.h"

namespace edgeopt::runtimes::tensorrt {

struct LayerTensor {
  std::string name;
  std::string format;                // as printed: "Row major linear FP16 format", "Half"
  std::optional<ir::DataType> type;  // nullopt: not said ("N/A due to dynamic shapes")
};

struct Layer {
  std::string name, kind;  // kind: LayerType, "CaskConvolution", "Reformat", "kgen"
  std::string tactic;      // the kernel; "" when not said
  std::vector<LayerTensor> inputs, outputs;
  // The ONNX nodes in it: from the metadata, which 8.6 and later have, else from the name.
  std::vector<std::string> onnx_nodes;
  // What it computes in: the type of its weights where it has some, else what its kernel's name
  // says, else its first input's. nullopt: not known.
  std::optional<ir::DataType> precision;
};

// Unsupported for an engine that was built without --profilingVerbosity=detailed, which has the
// names only.
Result<std::vector<Layer>> ParseLayers(std::string_view json);

// One that was to be INT8 and is not.
struct Fallback {
  std::string node;   // the ONNX node
  std::string layer;  // the layer that does its work
  ir::DataType ran;   // in what
};
struct Int8Check {
  std::vector<Fallback> fallbacks;
  std::vector<std::string> unknown;  // nodes that no layer names, or only layers of no precision
};
// `int8_nodes`: the nodes between DQ and Q in the file that the engine was built from.
Int8Check CheckInt8(std::span<const Layer> layers, std::span<const std::string> int8_nodes);

// A layer with its time, as other runtimes' profiles have it: "TensorRT" is the provider.
struct LayerRun {
  ProfileEvent event;
  std::optional<ir::DataType> precision;
};
// In the order of the times. A layer that the times name and `layers` do not has its name only.
std::vector<LayerRun> JoinLayers(const LayerTimes& times, std::span<const Layer> layers);

}  // namespace edgeopt::runtimes::tensorrt
