// unroll-loops: short Loops as their rounds in a row (unroll_loops.cc). For formats whose targets
// run a subgraph slower, or know less of it, than the same nodes in the graph.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

// Returns how many Loops it unrolled, those in subgraphs included. Requires opset 13.
Result<int64_t> UnrollLoops(ir::Model& model);

}  // namespace edgeopt::passes
