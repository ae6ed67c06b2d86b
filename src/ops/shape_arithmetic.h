// Evaluates the small integer computations by which exporters make shapes, pads and axes: what
// ONNX's own data propagation does not reach (it follows neither Reshape nor Transpose, say).
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "ir/graph.h"

namespace edgeopt::ops {

// Values by name, so that a subgraph can see those of the graphs around it.
using KnownValues = std::unordered_map<std::string, ir::Tensor>;

// Adds to `known` every int64, int32 or bool value of at most 1024 elements that follows from
// constants and static shapes. Values that are known already are not computed again. Returns the
// nodes whose outputs became known.
std::vector<ir::NodeId> EvaluateShapes(const ir::Graph& graph, KnownValues& known);

}  // namespace edgeopt::ops
