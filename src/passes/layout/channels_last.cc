#include "passes/layout/channels_last.h"

#include <functional>
#include <utility>

#include "passes/layout/apply.h"
#include "passes/layout/candidates.h"
#include "passes/layout/choose.h"

namespace edgeopt::passes::layout {
namespace {

void CountTransposes(const ir::Graph& graph, Summary& summary) {
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    ir::ForEachSubgraph(node, [&](std::string_view, const ir::Graph& subgraph) {
      CountTransposes(subgraph, summary);
    });
    if (!node.Is("Transpose")) continue;
    ++summary.transposes;
    const ir::Type& type = graph.value(node.output(0)).type;
    int64_t bits = ir::BitsOf(type.element);
    for (const ir::Dim& dim : type.shape.value_or(ir::Shape{})) bits *= dim.value.value_or(1);
    summary.transposed_bytes += (bits + 7) / 8;
  }
}

bool HasNhwc(const ir::Graph& graph) {
  for (const ir::NodeId id : graph.nodes()) {
    if (graph.node(id).domain == kNhwcDomain) return true;
    bool inside = false;
    ir::ForEachSubgraph(graph.node(id), [&](std::string_view, const ir::Graph& subgraph) {
      inside |= HasNhwc(subgraph);
    });
    if (inside) return true;
  }
  return false;
}

Status Solve(Rewriter& rewriter, const Candidates& candidates, Boundary inputs, Boundary outputs,
             Summary& summary) {
  const Choice choice = Choose(rewriter, candidates, inputs, outputs);
  for (const auto& [id, layout] : choice.boundary)
    summary.changed.push_back({rewriter.graph().value(id).name, layout.order});
  Apply(rewriter, candidates, choice);
  return OkStatus();
}

// `solve` for every graph of the model.
Result<Summary> SolveAll(ir::Model& model,
                         const std::function<Status(Rewriter&, Summary&)>& solve) {
  ir::Model changed = model;
  Summary summary;
  bool visited = false;
  const Context context;
  EDGEOPT_TRY(const Outcome outcome, OverGraphs(changed, context, [&](Rewriter& rewriter) {
                visited = true;
                rewriter.graph().RemoveUnused();  // nobody reads it: it must not count
                return solve(rewriter, summary);
              }));
  if (!visited) return Unsupported(outcome.skipped.at(0).where + ": " + outcome.skipped[0].reason);
  if (HasNhwc(changed.graph) && changed.OpsetVersion(kNhwcDomain) == 0)
    changed.opset_imports.push_back({std::string(kNhwcDomain), 1});
  CountTransposes(changed.graph, summary);
  model = std::move(changed);
  return summary;
}

}  // namespace

Result<Summary> ToChannelsLast(ir::Model& model, Boundary inputs, Boundary outputs) {
  return SolveAll(model, [&](Rewriter& rewriter, Summary& summary) -> Status {
    EDGEOPT_TRY(const Candidates candidates, FindCandidates(rewriter));
    return Solve(rewriter, candidates, inputs, outputs, summary);
  });
}

Result<Summary> RemoveTransposes(ir::Model& model) {
  return SolveAll(model, [](Rewriter& rewriter, Summary& summary) {
    return Solve(rewriter, FindAroundTransposes(rewriter), Boundary::kKeep, Boundary::kKeep,
                 summary);
  });
}

}  // namespace edgeopt::passes::layout
