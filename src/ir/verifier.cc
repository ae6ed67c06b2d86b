#include "ir/verifier.h"

#include <algorithm>

namespace edgeopt::ir {
namespace {

using Names = std::unordered_set<std::string>;

Error Broken(const Graph& graph, const std::string& what) {
  return BadInput("graph '" + graph.name + "': " + what);
}

Status VerifyOperands(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
    const ValueId used = node.inputs[slot];
    if (!used.valid()) continue;
    if (!graph.alive(used))
      return Broken(graph,
                    graph.Describe(id) + " reads a removed value in input " + std::to_string(slot));
    const auto& uses = graph.uses(used);
    if (std::find(uses.begin(), uses.end(), Use{id, static_cast<int32_t>(slot)}) == uses.end())
      return Broken(graph, "value '" + graph.value(used).name + "' does not know its use by " +
                               graph.Describe(id));
    const Value& value = graph.value(used);
    const bool defined = value.producer.valid() || value.initializer || value.sparse_initializer ||
                         value.captured || graph.IsInput(used);
    if (!defined)
      return Broken(graph,
                    graph.Describe(id) + " reads '" + value.name + "', which nothing defines");
  }
  for (const ValueId made : node.outputs)
    if (made.valid() && (!graph.alive(made) || graph.value(made).producer != id))
      return Broken(graph, "an output of " + graph.Describe(id) + " has another producer");
  return OkStatus();
}

Status VerifyValues(const Graph& graph, const Names& outer) {
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ValueId id{static_cast<int32_t>(i)};
    if (!graph.alive(id)) continue;
    const Value& value = graph.value(id);
    if (graph.Find(value.name) != id)
      return Broken(graph, "the name '" + value.name + "' is not unique");
    if (value.captured && outer.count(value.name) == 0)
      return Broken(graph, "'" + value.name + "' is not defined in an enclosing graph");
    if (value.producer.valid() &&
        (!graph.alive(value.producer) || value.initializer || value.captured || graph.IsInput(id)))
      return Broken(graph, "'" + value.name + "' has more than one definition");
    for (const Use& use : graph.uses(id))
      if (!graph.alive(use.node))
        return Broken(graph, "'" + value.name + "' is used by a removed node");
  }
  return OkStatus();
}

Status VerifyOutputs(const Graph& graph) {
  for (const ValueId id : graph.outputs()) {
    if (!graph.alive(id)) return Broken(graph, "an output was removed");
    const Value& value = graph.value(id);
    if (!value.producer.valid() && !value.initializer && !value.sparse_initializer &&
        !value.captured && !graph.IsInput(id))
      return Broken(graph, "the output '" + value.name + "' is produced by nothing");
  }
  return OkStatus();
}

Status VerifyGraph(const Graph& graph, const Names& outer) {
  EDGEOPT_CHECK_OK(VerifyValues(graph, outer));
  EDGEOPT_CHECK_OK(VerifyOutputs(graph));
  Names visible = outer;
  for (size_t i = 0; i < graph.value_bound(); ++i)
    if (graph.alive(ValueId{static_cast<int32_t>(i)}))
      visible.insert(graph.value({static_cast<int32_t>(i)}).name);
  for (const NodeId id : graph.nodes()) {
    EDGEOPT_CHECK_OK(VerifyOperands(graph, id));
    Status inner;
    ForEachSubgraph(graph.node(id), [&](const std::string& attribute, const Graph& subgraph) {
      if (!inner.ok()) return;
      inner = VerifyGraph(subgraph, visible);
      if (!inner.ok()) inner = inner.error().Within(graph.Describe(id) + ", " + attribute);
    });
    EDGEOPT_CHECK_OK(inner);
  }
  Graph sorted = graph;
  return sorted.SortTopologically();
}

}  // namespace

Status Verify(const Model& model) {
  if (model.graph.outputs().empty())
    return BadInput("the model has no outputs", "export it again with at least one output");
  EDGEOPT_CHECK_OK(VerifyGraph(model.graph, {}));
  for (const Function& function : model.functions) {
    const Status body = VerifyGraph(function.body, {});
    if (!body.ok()) return body.error().Within("function '" + function.name + "'");
  }
  return OkStatus();
}

}  // namespace edgeopt::ir
