// eliminate-expand: an Expand to the shape that is there, and a Tile by ones, go.
//
// Before:   y = Expand(x, shape)      x already has the shape of y
// Before:   y = Tile(x, repeats)      repeats constant, all 1
// After:    x in place of y
// Requires: for Expand, the shape of x is known, by numbers or symbols, and each element of
// `shape`,
//           constant or computed from Shape, is 1 or that size; or types tell the same of y.
// Maths:    y = x.
// Numerics: exact.
// Source:   ONNX operators Expand, Tile.
#include <algorithm>

#include "passes/operands.h"
#include "passes/shape_values.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;

bool ExpandsNothing(const Rewriter& rewriter, const Node& node) {
  if (SameShape(rewriter.TypeOf(node.input(0)), rewriter.TypeOf(node.output(0)))) return true;
  ShapeValues values(rewriter);
  const auto shape = values.Of(node.input(1));
  const auto dims = values.DimsOf(node.input(0));
  if (!shape || !dims || shape->size() > dims->size()) return false;
  const size_t lead = dims->size() - shape->size();
  for (size_t i = 0; i < shape->size(); ++i)
    if ((*shape)[i].number != 1 && !(*shape)[i].Equals((*dims)[lead + i])) return false;
  return true;
}

bool TilesNothing(const Rewriter& rewriter, const Node& node) {
  const auto repeats = rewriter.IntsOf(node.input(1));
  return repeats &&
         std::all_of(repeats->begin(), repeats->end(), [](int64_t count) { return count == 1; });
}

Status Eliminate(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  if ((node.Is("Expand") && ExpandsNothing(rewriter, node)) ||
      (node.Is("Tile") && TilesNothing(rewriter, node)))
    rewriter.Bypass(id, node.output(0), node.input(0));
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_expand() {
  return {"eliminate-expand", "Expand and Tile nodes that repeat nothing are removed", Run};
}

}  // namespace edgeopt::passes
