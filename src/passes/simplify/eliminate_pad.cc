// eliminate-pad: a Pad by nothing goes.
//
// Before:   y = Pad(x, pads)        pads constant, all 0
// After:    x in place of y
// Maths:    y = x, in every mode.
// Numerics: exact.
// Source:   ONNX operator Pad.
#include <algorithm>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

Status Eliminate(Rewriter& rewriter, ir::NodeId id) {
  const ir::Node& node = rewriter.graph().node(id);
  if (!node.Is("Pad")) return OkStatus();
  const Parameter pads = ParameterOf(rewriter, node, "pads", 1);
  if (!pads.known)
    rewriter.Skip(id, "its widths are computed at run time");
  else if (std::all_of(pads.values.begin(), pads.values.end(), [](int64_t p) { return p == 0; }))
    rewriter.Bypass(id, node.output(0), node.input(0));
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_pad() { return {"eliminate-pad", "Pad nodes that add nothing are removed", Run}; }

}  // namespace edgeopt::passes
