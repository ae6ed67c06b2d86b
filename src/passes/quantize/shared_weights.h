// Weights that several operators read: quantizing one of these but not another would put the
// weight into the file twice, and make it larger than the original.
#pragma once

#include <functional>
#include <string>

#include "ir/graph.h"

namespace edgeopt::passes::quantize {

// Why the weight has to stay float32: an operator reads it (perhaps inside a subgraph) for which
// `quantizes` is false. Empty when there is none, and for a weight too small to matter.
std::string SharedWeightObstacle(const ir::Graph& graph, ir::ValueId weight,
                                 const std::function<bool(const ir::Use&)>& quantizes);

}  // namespace edgeopt::passes::quantize
