// eliminate-dropout: Dropout does nothing at inference and goes.
//
// Before:   y, mask = Dropout(x, ratio, training_mode)
// After:    x in place of y
// Requires: the mask is not used; training_mode (input 2, opset 12 and later) is absent, false, or
//           the ratio is the constant 0. Before opset 12 Dropout is always inference (opset 7 took
//           is_test away).
// Maths:    y = x.
// Numerics: exact.
// Source:   ONNX operator Dropout, versions 7, 10, 12, 13 and 22.
#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

Status Eliminate(Rewriter& rewriter, ir::NodeId id) {
  const ir::Graph& graph = rewriter.graph();
  const ir::Node& node = graph.node(id);
  if (!node.Is("Dropout")) return OkStatus();
  const bool trains = node.input(2).valid() && rewriter.ScalarOf(node.input(2)) != 0.0;
  if (trains && rewriter.ScalarOf(node.input(1)) != 0.0) {
    rewriter.Skip(id, "its training mode is on, or decided at run time");
  } else if (node.output(1).valid() && !graph.IsUnused(node.output(1))) {
    rewriter.Skip(id, "its mask is used");
  } else {
    rewriter.Bypass(id, node.output(0), node.input(0));
  }
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_dropout() {
  return {"eliminate-dropout", "Dropout nodes are removed: they do nothing at inference", Run};
}

}  // namespace edgeopt::passes
