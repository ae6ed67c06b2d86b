// ONNX's subgraphs read values around them by name; TFLite's get all that they read as inputs.
#pragma once

#include <vector>

#include "ir/graph.h"

namespace edgeopt::formats::tflite::lower {

// The values of `outer` that subgraphs of one of its nodes read and that are no constants, each
// once, those of subgraphs inside of them included.
std::vector<ir::ValueId> CapturedValues(const ir::Graph& outer,
                                        const std::vector<const ir::Graph*>& subgraphs);

// The subgraph with the constants that it reads as its own, and `captured`, values of `outer`, as
// inputs behind its own; those that it does not read, too.
ir::Graph Closed(const ir::Graph& outer, const ir::Graph& subgraph,
                 const std::vector<ir::ValueId>& captured);

// The value depends on no input of the graph: it is made of constants, and of shapes.
bool IsFixed(const ir::Graph& graph, ir::ValueId id);

// Makes output `index` another value: the result of the operator, for these inputs.
void ReplaceOutput(ir::Graph& graph, size_t index, const char* op_type,
                   std::vector<ir::ValueId> inputs);

}  // namespace edgeopt::formats::tflite::lower
