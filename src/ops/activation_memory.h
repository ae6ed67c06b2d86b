// How much memory results take while a graph runs.
#pragma once

#include <cstdint>

#include "ir/graph.h"
#include "ops/sizes.h"

namespace edgeopt::ops {

// Bytes of `elements` elements; strings count as nothing.
int64_t ElementBytes(ir::DataType type, int64_t elements);

// The largest sum of results alive at one moment when the nodes run in order and each result is
// freed after its last use; graph inputs included, constants and subgraphs' results not.
int64_t PeakActivationBytes(const ir::Graph& graph, Sizes& sizes);

}  // namespace edgeopt::ops
