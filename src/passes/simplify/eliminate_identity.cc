// eliminate-identity: Identity nodes go.
//
// Before:   y = Identity(x);  z = Op(y)
// After:    z = Op(x)
// Requires: not that y is a graph output while x is an input, an initializer, another output or a
//           value of an enclosing graph: two names of the interface can't become one.
// Maths:    y = x.
// Numerics: exact.
// Source:   ONNX operator Identity.
#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

Status Eliminate(Rewriter& rewriter, ir::NodeId id) {
  const ir::Node& node = rewriter.graph().node(id);
  if (node.Is("Identity")) rewriter.Bypass(id, node.output(0), node.input(0));
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_identity() { return {"eliminate-identity", "Identity nodes are removed", Run}; }

}  // namespace edgeopt::passes
