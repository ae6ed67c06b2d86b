// Template bodies of ir/model.h.
#pragma once

#include <memory>
#include <utility>

namespace edgeopt::ir {

namespace internal {

// Transforms a copy of the subgraph; the names of the enclosing graphs are reserved in it.
template <typename Fn>
Result<bool> TransformSubgraph(GraphPtr& subgraph,
                               std::shared_ptr<const std::unordered_set<std::string>> names,
                               Fn fn) {
  Graph copy = *subgraph;
  copy.ReserveNames(std::move(names));
  EDGEOPT_TRY(const bool changed, TransformGraph(copy, fn));
  if (changed) subgraph = std::make_shared<const Graph>(std::move(copy));
  return changed;
}

template <typename Fn>
Result<bool> TransformSubgraphsOf(Graph& graph, NodeId id, Fn fn) {
  bool any = false;
  auto names = std::make_shared<const std::unordered_set<std::string>>(AllNames(graph));
  for (Attribute attribute : std::vector<Attribute>(graph.node(id).attributes)) {
    bool changed = false;
    if (auto* one = std::get_if<GraphPtr>(&attribute.value)) {
      EDGEOPT_TRY(changed, TransformSubgraph(*one, names, fn));
    } else if (auto* many = std::get_if<std::vector<GraphPtr>>(&attribute.value)) {
      for (GraphPtr& subgraph : *many) {
        EDGEOPT_TRY(const bool one_changed, TransformSubgraph(subgraph, names, fn));
        changed |= one_changed;
      }
    }
    if (changed) graph.SetAttribute(id, std::move(attribute));
    any |= changed;
  }
  return any;
}

}  // namespace internal

template <typename Fn>
Result<bool> TransformGraph(Graph& graph, Fn fn) {
  bool any = false;
  for (const NodeId id : graph.nodes()) {
    if (!graph.node(id).has_subgraphs()) continue;
    EDGEOPT_TRY(const bool changed, internal::TransformSubgraphsOf(graph, id, fn));
    any |= changed;
  }
  EDGEOPT_TRY(const bool changed, fn(graph));
  return any || changed;
}

template <typename Fn>
Result<bool> TransformGraphs(Model& model, Fn fn) {
  EDGEOPT_TRY(bool any, TransformGraph(model.graph, fn));
  for (Function& function : model.functions) {
    EDGEOPT_TRY(const bool changed, TransformGraph(function.body, fn));
    any |= changed;
  }
  return any;
}

}  // namespace edgeopt::ir
