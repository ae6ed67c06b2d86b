// Checks the invariants of a graph: what every pass may assume and must leave behind.
#pragma once

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::ir {

// SSA (each name once, one producer), no dangling reference (every input is a graph input, an
// initializer, a captured value that the enclosing graphs have, or a node's output), no cycle, at
// least one output, outputs that exist, uses that mirror inputs, subgraphs too. BadInput names the
// culprit.
Status Verify(const Model& model);

}  // namespace edgeopt::ir
