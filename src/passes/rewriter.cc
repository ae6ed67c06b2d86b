#include "passes/rewriter.h"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>

namespace edgeopt::passes {
namespace {

using ir::Graph;
using ir::GraphPtr;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

// From this version on operators broadcast as NumPy does and attributes mean what they mean today.
constexpr int64_t kOldestOpset = 7;
// From this version on an initializer need not be an input, so that a pass may add one.
constexpr int64_t kOldestIrVersion = 4;

struct Walk {
  int64_t opset;
  const Context& context;
  Outcome& outcome;
  const std::function<Status(Rewriter&)>& rewrite;
};

Result<bool> WalkGraph(Graph& graph, const Scope* outer, const Walk& walk);

Result<bool> WalkSubgraph(GraphPtr& subgraph, const Scope& scope,
                          std::shared_ptr<const std::unordered_set<std::string>> names,
                          const Walk& walk) {
  Graph copy = *subgraph;
  copy.ReserveNames(std::move(names));
  EDGEOPT_TRY(const bool changed, WalkGraph(copy, &scope, walk));
  if (changed) subgraph = std::make_shared<const Graph>(std::move(copy));
  return changed;
}

Result<bool> WalkSubgraphsOf(Graph& graph, NodeId id, const Scope* outer, const Walk& walk) {
  const Scope scope{&graph, outer};
  auto names = std::make_shared<const std::unordered_set<std::string>>(ir::AllNames(graph));
  bool any = false;
  for (ir::Attribute attribute : std::vector<ir::Attribute>(graph.node(id).attributes)) {
    bool changed = false;
    if (auto* one = std::get_if<GraphPtr>(&attribute.value)) {
      EDGEOPT_TRY(changed, WalkSubgraph(*one, scope, names, walk));
    } else if (auto* many = std::get_if<std::vector<GraphPtr>>(&attribute.value)) {
      for (GraphPtr& subgraph : *many) {
        EDGEOPT_TRY(const bool one_changed, WalkSubgraph(subgraph, scope, names, walk));
        changed |= one_changed;
      }
    }
    if (changed) graph.SetAttribute(id, std::move(attribute));
    any |= changed;
  }
  return any;
}

Result<bool> WalkGraph(Graph& graph, const Scope* outer, const Walk& walk) {
  bool any = false;
  for (const NodeId id : graph.nodes()) {
    if (!graph.node(id).has_subgraphs()) continue;
    EDGEOPT_TRY(const bool changed, WalkSubgraphsOf(graph, id, outer, walk));
    any |= changed;
  }
  Rewriter rewriter(graph, outer, walk.opset, walk.context, walk.outcome);
  const int64_t before = walk.outcome.rewrites;
  EDGEOPT_CHECK_OK(walk.rewrite(rewriter));
  if (walk.outcome.rewrites > before) any = true;
  if (any) {
    graph.RemoveUnused();
    EDGEOPT_CHECK_OK(graph.SortTopologically());
  }
  return any;
}

}  // namespace

std::pair<const Graph*, ValueId> Rewriter::Resolve(ValueId id) const {
  const Graph* graph = &graph_;
  for (const Scope* scope = outer_; scope && id.valid() && graph->value(id).captured;
       scope = scope->outer) {
    id = scope->graph->Find(graph->value(id).name);
    graph = scope->graph;
  }
  return {graph, id};
}

const ir::Type& Rewriter::TypeOf(ValueId id) const {
  static const ir::Type kNone;
  const auto [graph, resolved] = Resolve(id);
  return resolved.valid() ? graph->value(resolved).type : kNone;
}

std::optional<ir::Tensor> Rewriter::ConstantOf(ValueId id) const {
  const auto [graph, resolved] = Resolve(id);
  return graph->ConstantOf(resolved);
}

std::optional<double> Rewriter::ScalarOf(ValueId id) const {
  const auto constant = ConstantOf(id);
  if (!constant || constant->size() != 1) return std::nullopt;
  const auto values = constant->ToDoubles();
  return values.ok() ? std::optional<double>((*values)[0]) : std::nullopt;
}

std::optional<std::vector<int64_t>> Rewriter::IntsOf(ValueId id) const {
  const auto constant = ConstantOf(id);
  if (!constant) return std::nullopt;
  auto values = constant->ToInts();
  return values.ok() ? std::optional(std::move(*values)) : std::nullopt;
}

const Node* Rewriter::SoleProducerIf(ValueId id, std::string_view op_type) const {
  return id.valid() && graph_.HasSingleUse(id) ? graph_.ProducerIf(id, op_type) : nullptr;
}

NodeId Rewriter::OnlyUserIf(ValueId id, std::string_view op_type, size_t slot) const {
  const NodeId user = graph_.OnlyUser(id);
  return user.valid() && graph_.node(user).Is(op_type) && graph_.node(user).input(slot) == id
             ? user
             : NodeId{};
}

bool Rewriter::Replace(ValueId from, ValueId to) {
  const bool is_output = graph_.IsOutput(from);
  ir::Type type = graph_.value(from).type;
  if (!graph_.ReplaceEverywhere(from, to)) return false;
  if (is_output && type.kind != ir::Type::Kind::kNone) graph_.SetType(to, std::move(type));
  return true;
}

bool Rewriter::Bypass(NodeId node, ValueId from, ValueId to) {
  if (Replace(from, to)) {
    Count();
    RemoveIfUnused(node);
    return true;
  }
  Skip(node, "it is what gives the graph output '" + graph_.value(from).name + "' its name");
  return false;
}

void Rewriter::RemoveIfUnused(NodeId node) {
  const std::vector<ValueId> outputs = graph_.node(node).outputs;
  for (const ValueId id : outputs)
    if (id.valid() && !graph_.IsUnused(id)) return;
  graph_.RemoveNode(node);
  for (const ValueId id : outputs)
    if (id.valid()) graph_.RemoveValue(id);
}

NodeId Rewriter::ReplaceByNode(ValueId output, std::string op_type, std::vector<ValueId> inputs,
                               std::vector<ir::Attribute> attributes) {
  const NodeId old = graph_.producer(output);
  const std::string name = old.valid() ? graph_.node(old).name : std::string();
  if (old.valid()) {
    std::vector<ValueId> outputs = graph_.node(old).outputs;
    std::replace(outputs.begin(), outputs.end(), output, ir::kNoValue);
    graph_.SetNodeOutputs(old, outputs);
    if (std::none_of(outputs.begin(), outputs.end(), [](ValueId id) { return id.valid(); }))
      graph_.RemoveNode(old);
  }
  return graph_.AddNode(std::move(op_type), std::move(inputs), {output}, std::move(attributes),
                        name);
}

ValueId Rewriter::AddValueLike(ValueId like) {
  return graph_.AddValue(graph_.value(like).name, TypeOf(like));
}

void Rewriter::Skip(NodeId node, std::string reason) {
  outcome_.skipped.push_back({graph_.Describe(node), std::move(reason)});
}

Result<Outcome> OverGraphs(ir::Model& model, const Context& context,
                           const std::function<Status(Rewriter&)>& rewrite) {
  Outcome outcome;
  const int64_t opset = model.OpsetVersion();
  if (opset > 0 && opset < kOldestOpset) {
    outcome.skipped.push_back(
        {"the model", "it is of opset " + std::to_string(opset) + ", passes know 7 and later"});
    return outcome;
  }
  if (model.ir_version < kOldestIrVersion) {
    outcome.skipped.push_back({"the model", "it is of IR version " +
                                                std::to_string(model.ir_version) +
                                                "; lift-constants comes first"});
    return outcome;
  }
  const Walk walk{opset, context, outcome, rewrite};
  EDGEOPT_CHECK_OK(WalkGraph(model.graph, nullptr, walk));
  return outcome;
}

Result<Outcome> OverNodes(ir::Model& model, const Context& context,
                          const std::function<Status(Rewriter&, NodeId)>& rewrite) {
  return OverGraphs(model, context, [&](Rewriter& rewriter) -> Status {
    for (const NodeId id : rewriter.graph().nodes())
      if (rewriter.graph().alive(id)) EDGEOPT_CHECK_OK(rewrite(rewriter, id));
    return OkStatus();
  });
}

}  // namespace edgeopt::passes
