// Which constants of a graph are the model's parameters, and whose. Internal to ops; what counts as
// a parameter is told in ops/cost.h.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ir/graph.h"

namespace edgeopt::ops {

struct Parameter {
  ir::ValueId value;
  ir::NodeId owner;  // the operator it works in: behind a DequantizeLinear, Cast or Transpose of it
  ir::DataType type = ir::DataType::kUndefined;
  int64_t elements = 0, bytes = 0;
};

// Of this graph, without its subgraphs; each constant once.
std::vector<Parameter> ParametersOf(const ir::Graph& graph);

// A constant, or one that only passed through operators of one data input (a dequantized weight).
bool IsConstant(const ir::Graph& graph, ir::ValueId id);

}  // namespace edgeopt::ops
