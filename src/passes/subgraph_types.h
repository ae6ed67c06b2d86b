// subgraph-types: types that ONNX's inference leaves open at the edges of subgraphs
// (subgraph_types.cc), for targets that have to know all sizes before they run.
#pragma once

#include <functional>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

// Runs `infer` and settles the types of subgraphs until nothing changes any more.
Status InferSubgraphTypes(ir::Model& model, const std::function<Status(ir::Model&)>& infer);

}  // namespace edgeopt::passes
