// eliminate-dead-code: what no output needs goes.
//
// Before:   nodes, initializers and functions that no graph output depends on, optional outputs
//           that nothing reads
// After:    none of these
// Requires: of a node that is kept only outputs that its operator declares optional are dropped.
// Maths:    none.
// Numerics: exact.
// Source:   ONNX operators named below, for which outputs are optional.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// Outputs from this one on are optional.
constexpr std::pair<std::string_view, size_t> kOptionalFrom[] = {
    {"BatchNormalization", 1}, {"Dropout", 1}, {"GRU", 0}, {"LSTM", 0},
    {"LayerNormalization", 1}, {"MaxPool", 1}, {"RNN", 0}, {"Unique", 1}};

void DropOutputs(Rewriter& rewriter, NodeId id) {
  ir::Graph& graph = rewriter.graph();
  const Node& node = graph.node(id);
  if (!node.domain.empty()) return;
  const auto* entry = std::find_if(std::begin(kOptionalFrom), std::end(kOptionalFrom),
                                   [&](const auto& e) { return e.first == node.op_type; });
  if (entry == std::end(kOptionalFrom)) return;
  std::vector<ValueId> outputs = node.outputs;
  std::vector<ValueId> dropped;
  for (size_t i = entry->second; i < outputs.size(); ++i)
    if (outputs[i].valid() && graph.IsUnused(outputs[i]))
      dropped.push_back(std::exchange(outputs[i], ir::kNoValue));
  while (outputs.size() > std::max<size_t>(1, entry->second) && !outputs.back().valid())
    outputs.pop_back();
  if (dropped.empty() || outputs == node.outputs) return;
  if (std::none_of(outputs.begin(), outputs.end(), [](ValueId v) { return v.valid(); })) return;
  graph.SetNodeOutputs(id, std::move(outputs));
  for (const ValueId output : dropped) graph.RemoveValue(output);
  rewriter.Count(static_cast<int64_t>(dropped.size()));
}

void CollectCalls(const ir::Graph& graph, std::set<std::pair<std::string, std::string>>& called) {
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    called.emplace(node.domain, node.op_type);
    ir::ForEachSubgraph(node, [&](const std::string&, const ir::Graph& subgraph) {
      CollectCalls(subgraph, called);
    });
  }
}

int64_t RemoveFunctions(ir::Model& model) {
  int64_t removed = 0;
  for (;;) {
    std::set<std::pair<std::string, std::string>> called;
    CollectCalls(model.graph, called);
    for (const ir::Function& function : model.functions) CollectCalls(function.body, called);
    const auto unused = std::erase_if(model.functions, [&](const ir::Function& function) {
      return called.count({function.domain, function.name}) == 0;
    });
    removed += static_cast<int64_t>(unused);
    if (unused == 0) return removed;
  }
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  EDGEOPT_TRY(Outcome outcome, OverGraphs(model, context, [](Rewriter& rewriter) {
                ir::Graph& graph = rewriter.graph();
                const size_t values = graph.initializers().size();
                int64_t removed = graph.RemoveUnused();
                removed += static_cast<int64_t>(values - graph.initializers().size());
                rewriter.Count(removed);
                for (const NodeId id : graph.nodes()) DropOutputs(rewriter, id);
                return OkStatus();
              }));
  outcome.rewrites += RemoveFunctions(model);
  return outcome;
}

}  // namespace

Pass eliminate_dead_code() {
  return {"eliminate-dead-code", "what no output needs is removed", Run};
}

}  // namespace edgeopt::passes
