#include "ir/verifier.h"

#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace edgeopt::ir {
namespace {

using Names = std::unordered_set<std::string>;

Error Broken(const Graph& graph, const std::string& what) {
  return BadInput("graph '" + graph.name + "': " + what);
}

// One graph, without its subgraphs. Linear in its size: the reader runs it on files of strangers.
class GraphVerifier {
 public:
  GraphVerifier(const Graph& graph, const Names& outer) : graph_(graph), outer_(outer) {}

  Status Run() {
    EDGEOPT_CHECK_OK(CheckInputs());
    for (const NodeId id : graph_.nodes()) EDGEOPT_CHECK_OK(CheckNode(id));
    for (size_t i = 0; i < graph_.value_bound(); ++i)
      if (graph_.alive(ValueId{static_cast<int32_t>(i)}))
        EDGEOPT_CHECK_OK(CheckValue({static_cast<int32_t>(i)}));
    for (const ValueId id : graph_.outputs()) {
      if (!graph_.alive(id)) return Broken(graph_, "an output was removed");
      if (!Defined(id))
        return Broken(graph_, "the output '" + graph_.value(id).name + "' is produced by nothing");
    }
    const auto order = graph_.TopologicalOrder();
    return order.ok() ? OkStatus() : Status(order.error());
  }

 private:
  Status CheckInputs() {
    for (const ValueId id : graph_.inputs()) {
      if (!graph_.alive(id)) return Broken(graph_, "an input was removed");
      if (!inputs_.insert(id.index).second)
        return Broken(graph_, "the input '" + graph_.value(id).name + "' occurs twice");
    }
    return OkStatus();
  }

  bool Defined(ValueId id) const {
    const Value& value = graph_.value(id);
    return value.producer.valid() || value.initializer || value.sparse_initializer ||
           value.captured || inputs_.count(id.index) > 0;
  }

  Status CheckNode(NodeId id) {
    const Node& node = graph_.node(id);
    for (const ValueId used : node.inputs) {
      if (!used.valid()) continue;
      if (!graph_.alive(used))
        return Broken(graph_, graph_.Describe(id) + " reads a removed value");
      if (!Defined(used))
        return Broken(graph_, graph_.Describe(id) + " reads '" + graph_.value(used).name +
                                  "', which nothing defines");
      ++expected_uses_[used.index];
    }
    for (const ValueId captured : node.captures) {
      if (!graph_.alive(captured) || !Defined(captured))
        return Broken(graph_, "a subgraph of " + graph_.Describe(id) + " reads a value that " +
                                  "nothing defines");
      ++expected_uses_[captured.index];
      if (!captures_.insert({id, captured}).second)
        return Broken(graph_, graph_.Describe(id) + " lists a captured value twice");
    }
    for (const ValueId made : node.outputs)
      if (made.valid() && (!graph_.alive(made) || graph_.value(made).producer != id))
        return Broken(graph_, "an output of " + graph_.Describe(id) + " has another producer");
    return OkStatus();
  }

  Status CheckValue(ValueId id) const {
    const Value& value = graph_.value(id);
    if (graph_.Find(value.name) != id)
      return Broken(graph_, "the name '" + value.name + "' is not unique");
    if (value.captured && outer_.count(value.name) == 0)
      return Broken(graph_, "'" + value.name + "' is not defined in an enclosing graph");
    const int definitions =
        value.producer.valid() + value.captured +
        (value.initializer || value.sparse_initializer || inputs_.count(id.index) > 0);
    if (definitions > 1 || (value.producer.valid() && !graph_.alive(value.producer)))
      return Broken(graph_, "'" + value.name + "' has more than one definition");
    return CheckUses(id);
  }

  // The use lists mirror the nodes' inputs and captures exactly.
  Status CheckUses(ValueId id) const {
    const auto wrong = [&](const std::string& how) {
      return Broken(graph_, "the uses of '" + graph_.value(id).name + "' " + how);
    };
    for (const Use& use : graph_.uses(id)) {
      if (!graph_.alive(use.node)) return wrong("name a removed node");
      const Node& node = graph_.node(use.node);
      const bool found = use.slot == Use::kCaptured
                             ? captures_.count({use.node, id}) == 1
                             : node.input(static_cast<size_t>(use.slot)) == id;
      if (!found) return wrong("do not match " + graph_.Describe(use.node));
    }
    const auto expected = expected_uses_.find(id.index);
    if (graph_.uses(id).size() != (expected == expected_uses_.end() ? 0 : expected->second))
      return wrong("are incomplete");
    return OkStatus();
  }

  const Graph& graph_;
  const Names& outer_;
  std::unordered_set<int32_t> inputs_;
  std::unordered_map<int32_t, size_t> expected_uses_;
  std::set<std::pair<NodeId, ValueId>> captures_;
};

Status VerifyGraph(const Graph& graph, const Names& outer) {
  EDGEOPT_CHECK_OK(GraphVerifier(graph, outer).Run());
  Names visible;
  for (const NodeId id : graph.nodes()) {
    if (!graph.node(id).has_subgraphs()) continue;
    if (visible.empty()) {
      visible = outer;
      for (size_t i = 0; i < graph.value_bound(); ++i)
        if (graph.alive(ValueId{static_cast<int32_t>(i)}))
          visible.insert(graph.value({static_cast<int32_t>(i)}).name);
    }
    Status inner;
    ForEachSubgraph(graph.node(id), [&](const std::string& attribute, const Graph& subgraph) {
      if (!inner.ok()) return;
      inner = VerifyGraph(subgraph, visible);
      if (!inner.ok()) inner = inner.error().Within(graph.Describe(id) + ", " + attribute);
    });
    EDGEOPT_CHECK_OK(inner);
  }
  return OkStatus();
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
