// The operators that look at a neighbourhood or at channels, [N, C, spatial...]: those that kernels
// for edge devices know channels-last only.
#pragma once

#include "passes/layout/rules.h"

namespace edgeopt::passes::layout {

// Input 0 and output 0 are of rank 3, 4 or 5, and there is no result that counts places in memory
// (the indices of MaxPool). Unsupported names a node whose rank is not known.
Result<bool> IsSpatial(const Rewriter& rewriter, const ir::Node& node);
// The spatial axes are alike: they may lie in any order between N and C.
bool IsSpatiallySymmetric(const Rewriter& rewriter, const ir::Node& node);
// Input 0 and output 0 lie so, nothing else changes. An unused second output is to go.
NodeLayouts SpatialLayouts(const ir::Node& node, const Layout& layout);

}  // namespace edgeopt::passes::layout
