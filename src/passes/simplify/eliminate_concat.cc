// eliminate-concat: a Concat or Split of one goes, a Concat in a Concat is spliced in.
//
// Before:   y = Concat(x)                                 or  y = Split(x) with one output
// After:    x in place of y
// Before:   y = Concat<axis>(a, Concat<axis>(b, c), d)    the inner one not used elsewhere
// After:    y = Concat<axis>(a, b, c, d)
// Requires: both axes count from the same end, or the rank is known.
// Maths:    concatenation along one axis is associative.
// Numerics: exact.
// Source:   ONNX operators Concat, Split.
#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// The same axis, for certain.
bool SameAxis(const Rewriter& rewriter, const Node& a, const Node& b) {
  const int64_t one = a.IntOr("axis", 0), two = b.IntOr("axis", 0);
  if (one == two) return true;
  const int64_t rank = rewriter.TypeOf(a.output(0)).rank();
  return rank >= 0 && NormalizedAxis(one, rank) == NormalizedAxis(two, rank);
}

void Splice(Rewriter& rewriter, NodeId id) {
  ir::Graph& graph = rewriter.graph();
  std::vector<ValueId> joined;
  std::vector<NodeId> spliced;
  for (const ValueId input : graph.node(id).inputs) {
    const Node* inner = rewriter.SoleProducerIf(input, "Concat");
    if (!inner || !SameAxis(rewriter, graph.node(id), *inner)) {
      joined.push_back(input);
      continue;
    }
    joined.insert(joined.end(), inner->inputs.begin(), inner->inputs.end());
    spliced.push_back(graph.producer(input));
  }
  if (spliced.empty()) return;
  graph.SetNodeInputs(id, std::move(joined));
  for (const NodeId inner : spliced) rewriter.RemoveIfUnused(inner);
  rewriter.Count(static_cast<int64_t>(spliced.size()));
}

Status Eliminate(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  const bool single = (node.Is("Concat") && node.inputs.size() == 1) ||
                      (node.Is("Split") && node.outputs.size() == 1);
  if (single)
    rewriter.Bypass(id, node.output(0), node.input(0));
  else if (node.Is("Concat"))
    Splice(rewriter, id);
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_concat() {
  return {"eliminate-concat", "joins and splits of one are removed, nested joins spliced", Run};
}

}  // namespace edgeopt::passes
