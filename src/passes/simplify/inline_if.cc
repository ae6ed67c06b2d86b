// inline-if: an If whose condition is constant becomes the branch that it takes.
//
// Before:   y = If(true) <then_branch = { t = Op(x) } => (t), else_branch = ...>
// After:    y = Op(x)
// Requires: the condition is a constant.
// Maths:    none.
// Numerics: exact.
// Source:   ONNX operator If.
#include "passes/inline_body.h"
#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

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
  ir::Graph body = **branch;
  graph.RemoveNode(id);
  const std::vector<ValueId> results = InlineBody(graph, std::move(body), {});
  for (size_t i = 0; i < outputs.size(); ++i)
    // A name of the interface may be one that the result can't take.
    if (outputs[i].valid() && !rewriter.Replace(outputs[i], results[i]))
      graph.AddNode("Identity", {results[i]}, {outputs[i]});
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
