// Which input of a residual Add is the convolution that takes the Add along, for runtimes that fuse
// the two (TensorRT): the other input is read as int8, that one must stay as the kernel makes it.
#pragma once

#include <functional>
#include <optional>

#include "ir/graph.h"

namespace edgeopt::passes::quantize {

// The slot whose value only this Add reads and a convolution for which `is_int8` makes. Of two such
// (a block with a convolution on its skip) the one at the end of the longer path from where the two
// part. nullopt when there is none, when an input is constant, or both are one value.
std::optional<size_t> ResidualMainSlot(const ir::Graph& graph, ir::NodeId add,
                                       const std::function<bool(ir::NodeId)>& is_int8);

}  // namespace edgeopt::passes::quantize
