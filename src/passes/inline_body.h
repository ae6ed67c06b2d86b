// A subgraph in the place of the node that ran it: what inline-if and unroll-loops share.
#pragma once

#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace edgeopt::passes {

// Appends the nodes of `body`, a subgraph of a node of `graph`, with `arguments` for its inputs (a
// branch has none), and returns what its outputs are here: new values, arguments, or values that it
// captured. Requires that the node is gone, so that names which only its subgraphs use are free;
// names that are taken get a suffix, those of nodes `node_suffix`.
std::vector<ir::ValueId> InlineBody(ir::Graph& graph, ir::Graph body,
                                    const std::vector<ir::ValueId>& arguments,
                                    std::string_view node_suffix = {});

}  // namespace edgeopt::passes
