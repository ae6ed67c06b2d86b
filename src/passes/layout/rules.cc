#include "passes/layout/rules.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "passes/operands.h"

namespace edgeopt::passes::layout {

const Rule* FindRule(const ir::Node& node) {
  static const auto kRules = [] {
    std::map<std::string_view, const Rule*> rules;
    for (const auto part : {ElementwiseRules(), AxisRules(), VectorRules(), ReductionRules(),
                            ReshapeRules(), FlattenedRules()})
      for (const Rule& rule : part) rules.emplace(rule.op_type, &rule);
    return rules;
  }();
  if (!node.domain.empty()) return nullptr;
  const auto found = kRules.find(node.op_type);
  return found == kRules.end() ? nullptr : found->second;
}

std::optional<NodeLayouts> AllAs(const Rewriter& rewriter, const ir::Node& node, const Known& known,
                                 size_t inputs) {
  inputs = std::min(inputs, node.inputs.size());
  if (!known.layout.parts.empty() || (!known.is_output && known.slot >= inputs))
    return std::nullopt;
  const auto rank = static_cast<int64_t>(known.layout.order.size());
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  for (size_t i = 0; i < inputs; ++i) {
    if (RankOf(rewriter, node.inputs[i]) != rank) return std::nullopt;
    layouts.inputs[i] = known.layout;
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!node.outputs[i].valid()) continue;
    if (RankOf(rewriter, node.outputs[i]) != rank) return std::nullopt;
    layouts.outputs[i] = known.layout;
  }
  return layouts;
}

ir::ValueId AddInts(Rewriter& rewriter, ir::NodeId node, std::string_view what,
                    const std::vector<int64_t>& values, ir::DataType type) {
  ir::Graph& graph = rewriter.graph();
  const std::string name = graph.value(graph.node(node).output(0)).name + "_" + std::string(what);
  if (type != ir::DataType::kInt32) return graph.AddInitializer(name, IntsTensor(values));
  const std::vector<int32_t> narrow(values.begin(), values.end());
  return graph.AddInitializer(name, ir::Tensor::Of({static_cast<int64_t>(narrow.size())}, narrow));
}

}  // namespace edgeopt::passes::layout
