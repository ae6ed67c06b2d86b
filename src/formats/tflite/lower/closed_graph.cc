#include "formats/tflite/lower/closed_graph.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Graph;
using ir::NodeId;
using ir::ValueId;

// Names that the graph, or a subgraph in it, reads and that neither defines.
void AddFreeNames(const Graph& graph, std::vector<std::string>& names) {
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const ValueId id : graph.captured()) add(graph.value(id).name);
  for (const NodeId id : graph.nodes())
    ir::ForEachSubgraph(graph.node(id), [&](std::string_view, const Graph& subgraph) {
      std::vector<std::string> inner;
      AddFreeNames(subgraph, inner);
      for (const std::string& name : inner)
        if (!graph.Find(name).valid()) add(name);
    });
}

// The name in the graph; it may be that a subgraph inside alone reads it.
ValueId FindOrAdd(Graph& graph, const std::string& name) {
  const ValueId found = graph.Find(name);
  return found.valid() ? found : graph.AddNamedValue(name);
}

// `fixed`: values that are known to be, so that each is looked at once.
bool IsFixedBeside(const Graph& graph, ValueId id, std::set<ValueId>& fixed) {
  if (!id.valid() || graph.ConstantOf(id) || fixed.contains(id)) return true;
  const NodeId producer = graph.producer(id);
  if (!producer.valid() || graph.node(producer).has_subgraphs()) return false;
  const ir::Node& node = graph.node(producer);
  if (!node.Is("Shape") && !node.Is("Size"))
    for (const ValueId input : node.inputs)
      if (!IsFixedBeside(graph, input, fixed)) return false;
  fixed.insert(id);
  return true;
}

}  // namespace

std::vector<ValueId> CapturedValues(const Graph& outer,
                                    const std::vector<const Graph*>& subgraphs) {
  std::vector<std::string> names;
  for (const Graph* subgraph : subgraphs) AddFreeNames(*subgraph, names);
  std::vector<ValueId> captured;
  for (const std::string& name : names)
    if (const ValueId id = outer.Find(name); id.valid() && !outer.ConstantOf(id))
      captured.push_back(id);
  return captured;
}

Graph Closed(const Graph& outer, const Graph& subgraph, const std::vector<ValueId>& captured) {
  Graph closed = subgraph;
  closed.ReserveNames(nullptr);
  std::vector<std::string> names;
  AddFreeNames(subgraph, names);
  for (const std::string& name : names) {
    const ValueId outside = outer.Find(name), inside = FindOrAdd(closed, name);
    const auto constant = outer.ConstantOf(outside);
    closed.SetCaptured(inside, false);
    if (constant) closed.SetInitializer(inside, *constant);
  }
  std::vector<ValueId> inputs = closed.inputs();
  for (const ValueId id : captured) {
    const ValueId inside = FindOrAdd(closed, outer.value(id).name);
    closed.SetType(inside, outer.value(id).type);
    inputs.push_back(inside);
  }
  closed.SetInputs(std::move(inputs));
  return closed;
}

bool IsFixed(const Graph& graph, ValueId id) {
  std::set<ValueId> fixed;
  return IsFixedBeside(graph, id, fixed);
}

void ReplaceOutput(Graph& graph, size_t index, const char* op_type, std::vector<ValueId> inputs) {
  std::vector<ValueId> outputs = graph.outputs();
  const ir::Value& value = graph.value(outputs[index]);
  const ValueId made = graph.AddValue(value.name + "_output", value.type);
  graph.AddNode(op_type, std::move(inputs), {made}, {}, graph.value(made).name);
  outputs[index] = made;
  graph.SetOutputs(std::move(outputs));
}

}  // namespace edgeopt::formats::tflite::lower
