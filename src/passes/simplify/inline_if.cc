// inline-if: an If whose condition is constant becomes the branch that it takes.
//
// Before:   y = If(true) <then_branch = { t = Op(x) } => (t), else_branch = ...>
// After:    y = Op(x)
// Requires: the condition is a constant.
// Maths:    none.
// Numerics: exact.
// Source:   ONNX operator If.
#include <unordered_map>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

class BranchInliner {
 public:
  BranchInliner(Rewriter& rewriter, Graph branch)
      : rewriter_(rewriter), graph_(rewriter.graph()), branch_(std::move(branch)) {}

  // The If is gone already, so that names which only its branches use are free.
  void Inline(const std::vector<ValueId>& if_outputs) {
    branch_.ReserveNames(nullptr);
    Adopt();
    for (const NodeId id : branch_.nodes()) {
      Node node = branch_.node(id);
      for (ValueId& input : node.inputs) input = Adopted(input);
      for (ValueId& output : node.outputs) output = Adopted(output);
      graph_.AddNode(std::move(node));
    }
    for (size_t i = 0; i < if_outputs.size(); ++i) {
      if (!if_outputs[i].valid()) continue;
      const ValueId result = Adopted(branch_.outputs()[i]);
      // A name of the interface that the result can't take.
      if (!rewriter_.Replace(if_outputs[i], result))
        graph_.AddNode("Identity", {result}, {if_outputs[i]});
    }
  }

 private:
  // Every value of the branch gets its counterpart here: a captured one what it was captured from,
  // another one a new value of the same name where that is free. Where it is not, the branch is
  // renamed first, so that subgraphs inside of it follow.
  void Adopt() {
    for (size_t i = 0; i < branch_.value_bound(); ++i) {
      const ValueId id{static_cast<int32_t>(i)};
      if (!branch_.alive(id)) continue;
      const ir::Value value = branch_.value(id);
      if (value.captured) {
        adopted_[id.index] = Captured(value.name);
        continue;
      }
      const ValueId copy = FreshValue(id);
      graph_.SetType(copy, value.type);
      if (value.initializer) graph_.SetInitializer(copy, *value.initializer);
      if (value.sparse_initializer) graph_.SetSparseInitializer(copy, *value.sparse_initializer);
      graph_.SetDocumentation(copy, value.doc_string, value.metadata);
      adopted_[id.index] = copy;
    }
  }

  ValueId Captured(const std::string& name) {
    const ValueId found = graph_.Find(name);
    if (found.valid()) return found;
    // From further out than this graph, which so far only the branch referred to.
    const ValueId captured = graph_.AddNamedValue(name);
    graph_.SetCaptured(captured);
    return captured;
  }

  ValueId FreshValue(ValueId id) {
    const std::string hint = branch_.value(id).name;
    for (;;) {
      const ValueId copy = graph_.AddValue(hint);
      if (branch_.Rename(id, graph_.value(copy).name)) return copy;
      graph_.RemoveValue(copy);  // taken inside of the branch; AddValue counts on
    }
  }

  ValueId Adopted(ValueId id) const { return id.valid() ? adopted_.at(id.index) : ir::kNoValue; }

  Rewriter& rewriter_;
  Graph& graph_;
  Graph branch_;
  std::unordered_map<int32_t, ValueId> adopted_;  // from values of the branch
};

Status InlineIf(Rewriter& rewriter, NodeId id) {
  Graph& graph = rewriter.graph();
  const Node& node = graph.node(id);
  if (!node.Is("If")) return OkStatus();
  const auto condition = rewriter.ScalarOf(node.input(0));
  if (!condition) {
    rewriter.Skip(id, "its condition is computed at run time");
    return OkStatus();
  }
  const ir::Attribute* attribute =
      node.FindAttribute(*condition != 0 ? "then_branch" : "else_branch");
  const auto* branch = attribute ? attribute->get<ir::GraphPtr>() : nullptr;
  const std::vector<ValueId> outputs = node.outputs;
  if (!branch || (*branch)->outputs().size() < outputs.size())
    return BadInput(graph.Describe(id) + " has no branch with as many outputs as it has");
  BranchInliner inliner(rewriter, **branch);
  graph.RemoveNode(id);
  inliner.Inline(outputs);
  rewriter.Count();
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, InlineIf);
}

}  // namespace

Pass inline_if() {
  return {"inline-if", "an If whose condition is constant becomes the branch that it takes", Run,
          true};
}

}  // namespace edgeopt::passes
