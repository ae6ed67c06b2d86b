// localize-constants: small constants that a subgraph captures become its own.
//
// Before:   axes = {1}; y = If(c) <then_branch = { t = Squeeze(x, axes) }, ...>
// After:    y = If(c) <then_branch = { <axes_1 = {1}> t = Squeeze(x, axes_1) }, ...>
// Requires: a constant of at most kMostElements elements, which no output of the subgraph is.
// Maths:    none.
// Numerics: none.
// Source:   ONNX's shape inference sees the values of a graph's own initializers only, so that the
//           rank of t is open before (onnx/shape_inference/implementation.cc, Process(GraphProto)).
#include "passes/localize_constants.h"

#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

// Axes, sizes, pads and scales: what shapes depend on. Weights stay shared.
constexpr int64_t kMostElements = 32;

Status LocalizeInGraph(Rewriter& rewriter) {
  if (rewriter.is_main_graph()) return OkStatus();
  ir::Graph& graph = rewriter.graph();
  for (const ir::ValueId id : graph.captured()) {
    if (graph.IsUnused(id)) continue;  // its only readers were subgraphs, which have their own now
    const auto constant = rewriter.ConstantOf(id);
    if (!constant || constant->size() > kMostElements || graph.IsOutput(id)) continue;
    graph.ReplaceUses(id, graph.AddInitializer(graph.value(id).name, *constant));
    rewriter.Count();
  }
  return OkStatus();
}

}  // namespace

Result<int64_t> LocalizeConstants(ir::Model& model) {
  const Context context;
  EDGEOPT_TRY(const Outcome outcome, OverGraphs(model, context, LocalizeInGraph));
  return outcome.rewrites;
}

}  // namespace edgeopt::passes
