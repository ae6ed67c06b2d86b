// Types of all values, for targets that have to know sizes before they run.
#pragma once

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

// Also where they depend on what a subgraph does. Small constants that subgraphs capture become
// their own (passes/localize_constants.h).
Status InferAllTypes(ir::Model& model);

// The same without what the file says of its outputs' shapes, which counts where inference finds
// less.
Status InferTypesAfresh(ir::Model& model);

}  // namespace edgeopt::pipeline
