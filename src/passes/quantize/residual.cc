#include "passes/quantize/residual.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

bool IsInt8Convolution(const Graph& graph, ValueId value,
                       const std::function<bool(NodeId)>& is_int8) {
  const NodeId made_by = graph.producer(value);
  if (!made_by.valid() || !graph.HasSingleUse(value)) return false;
  const Node& node = graph.node(made_by);
  return (node.Is("Conv") || node.Is("ConvTranspose")) && is_int8(made_by);
}

// Nodes from the value back to where its path leaves another one: a value with more readers.
int PathLength(const Graph& graph, ValueId value) {
  int length = 0;
  while (graph.HasSingleUse(value) && graph.producer(value).valid()) {
    value = graph.node(graph.producer(value)).input(0);
    ++length;
    if (!value.valid()) break;
  }
  return length;
}

}  // namespace

std::optional<size_t> ResidualMainSlot(const Graph& graph, NodeId add,
                                       const std::function<bool(NodeId)>& is_int8) {
  const ValueId first = graph.node(add).input(0), second = graph.node(add).input(1);
  if (!first.valid() || !second.valid() || first == second) return std::nullopt;
  if (graph.ConstantOf(first) || graph.ConstantOf(second)) return std::nullopt;
  const bool first_fits = IsInt8Convolution(graph, first, is_int8);
  const bool second_fits = IsInt8Convolution(graph, second, is_int8);
  if (first_fits && second_fits)
    return PathLength(graph, second) > PathLength(graph, first) ? size_t{1} : size_t{0};
  if (first_fits) return size_t{0};
  if (second_fits) return size_t{1};
  return std::nullopt;
}

}  // namespace edgeopt::passes::quantize
