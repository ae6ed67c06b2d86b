#include "ops/cost.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "ops/activation_memory.h"
#include "ops/operator.h"
#include "ops/parameters.h"
#include "ops/sizes.h"

namespace edgeopt::ops {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

std::string TypeName(const Node& node) {
  return node.domain.empty() ? node.op_type : node.domain + "." + node.op_type;
}

class Analyzer {
 public:
  Analyzer(ModelCost& cost, Sizes& sizes) : cost_(cost), sizes_(sizes) {}

  // Appends the nodes' costs; returns the work of one run.
  Work Run(const Graph& graph, const std::string& prefix) {
    std::unordered_map<int32_t, Weights> weights;
    for (const Parameter& parameter : ParametersOf(graph)) {
      const bool captured = graph.uses(parameter.value)[0].slot == ir::Use::kCaptured;
      Weights& sum =
          captured ? captured_[graph.value(parameter.value).name] : weights[parameter.owner.index];
      sum.elements = SaturatingAdd(sum.elements, parameter.elements);
      sum.bytes = SaturatingAdd(sum.bytes, parameter.bytes);
    }
    TakeCaptured(graph, weights);
    Work total;
    for (const NodeId id : graph.nodes()) {
      if (graph.node(id).Is("Constant")) continue;
      const Work work = RunNode(graph, id, prefix, weights[id.index]);
      total.macs = SaturatingAdd(total.macs, work.macs);
      total.other = SaturatingAdd(total.other, work.other);
    }
    return total;
  }

 private:
  struct Weights {
    int64_t elements = 0, bytes = 0;
  };

  // A constant that a subgraph alone reads counts at its first user there.
  void TakeCaptured(const Graph& graph, std::unordered_map<int32_t, Weights>& weights) {
    for (const ValueId id : graph.captured()) {
      const auto found = captured_.find(graph.value(id).name);
      if (found == captured_.end() || graph.uses(id).empty()) continue;
      const ir::Use use = graph.uses(id)[0];
      if (use.slot == ir::Use::kCaptured) continue;  // by a subgraph deeper in
      Weights& sum = weights[use.node.index];
      sum.elements = SaturatingAdd(sum.elements, found->second.elements);
      sum.bytes = SaturatingAdd(sum.bytes, found->second.bytes);
      captured_.erase(found);
    }
  }

  Work RunNode(const Graph& graph, NodeId id, const std::string& prefix, const Weights& weights) {
    const Node& node = graph.node(id);
    NodeCost cost;
    cost.label = prefix + Label(graph, id);
    cost.op_type = TypeName(node);
    cost.parameters = weights.elements;
    cost.parameter_bytes = weights.bytes;
    Work work = OwnWork(graph, node, cost);
    cost.macs = work.macs;
    cost.other = work.other;
    const size_t position = cost_.nodes.size();
    cost_.nodes.push_back(cost);
    if (node.has_subgraphs()) {
      const Work inner = SubgraphWork(graph, node, cost.label + "/", position);
      work.macs = SaturatingAdd(work.macs, inner.macs);
      work.other = SaturatingAdd(work.other, inner.other);
    }
    return work;
  }

  Work OwnWork(const Graph& graph, const Node& node, NodeCost& cost) {
    Operands operands{node, {}, {}};
    for (const ValueId input : node.inputs)
      operands.inputs.push_back(input.valid() ? sizes_.Resolve(graph.value(input).type)
                                              : std::nullopt);
    for (const ValueId output : node.outputs) {
      operands.outputs.push_back(output.valid() ? sizes_.Resolve(graph.value(output).type)
                                                : std::nullopt);
      if (operands.outputs.back())
        cost.output_bytes = SaturatingAdd(
            cost.output_bytes,
            ElementBytes(graph.value(output).type.element, Elements(*operands.outputs.back())));
    }
    const Operator* found = Find(node);
    // One operation per output element is a fair guess for an operator that is not in the tables.
    const auto work = found == nullptr ? PerOutput<1>(operands)
                      : found->cost    ? found->cost(operands)
                                       : std::optional<Work>(Work{});
    cost.known = work.has_value();
    return work.value_or(Work{});
  }

  // If: the costlier branch. Loop: one round. Scan: the length of the scanned axis. The rows of a
  // branch that does not count get no work, so that the rows always add up to the total.
  Work SubgraphWork(const Graph& graph, const Node& node, const std::string& prefix,
                    size_t position) {
    Work chosen;
    std::pair<size_t, size_t> chosen_rows{cost_.nodes.size(), cost_.nodes.size()};
    const auto clear = [&](std::pair<size_t, size_t> rows) {
      for (size_t i = rows.first; i < rows.second; ++i)
        cost_.nodes[i].macs = cost_.nodes[i].other = 0;
    };
    ir::ForEachSubgraph(node, [&](const std::string& attribute, const Graph& subgraph) {
      const std::string place = node.op_type == "If" ? prefix + attribute + "/" : prefix;
      const size_t first = cost_.nodes.size();
      const Work work = Run(subgraph, place);
      const std::pair<size_t, size_t> rows{first, cost_.nodes.size()};
      const bool better =
          work.macs > chosen.macs || (work.macs == chosen.macs && work.other >= chosen.other);
      clear(better ? chosen_rows : rows);
      if (!better) return;
      chosen = work;
      chosen_rows = rows;
    });
    const int64_t rounds = Rounds(graph, node);
    for (size_t i = chosen_rows.first; i < chosen_rows.second; ++i) {
      cost_.nodes[i].macs = SaturatingMultiply(cost_.nodes[i].macs, rounds);
      cost_.nodes[i].other = SaturatingMultiply(cost_.nodes[i].other, rounds);
    }
    if (node.op_type == "Loop")
      cost_.assumptions.push_back("the loop '" + cost_.nodes[position].label +
                                  "' is counted for one round");
    return {SaturatingMultiply(chosen.macs, rounds), SaturatingMultiply(chosen.other, rounds)};
  }

  int64_t Rounds(const Graph& graph, const Node& node) {
    if (node.op_type != "Scan") return 1;
    const auto scanned =
        static_cast<size_t>(std::max<int64_t>(node.IntOr("num_scan_inputs", 1), 0));
    if (scanned == 0 || scanned > node.inputs.size()) return 1;
    const ValueId first = node.inputs[node.inputs.size() - scanned];
    const auto dims = first.valid() ? sizes_.Resolve(graph.value(first).type) : std::nullopt;
    const int64_t axis =
        node.IntsOr("scan_input_axes", {0}).empty() ? 0 : node.IntsOr("scan_input_axes", {0})[0];
    if (!dims || dims->empty()) return 1;
    const auto rank = static_cast<int64_t>(dims->size());
    return axis >= -rank && axis < rank
               ? (*dims)[static_cast<size_t>(axis < 0 ? axis + rank : axis)]
               : 1;
  }

  static std::string Label(const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    if (!node.name.empty()) return node.name;
    for (const ValueId output : node.outputs)
      if (output.valid()) return graph.value(output).name;
    return node.op_type;
  }

  ModelCost& cost_;
  Sizes& sizes_;
  std::unordered_map<std::string, Weights> captured_;  // parameters that subgraphs read, by name
};

}  // namespace

ModelCost Analyze(const ir::Model& model, const CostOptions& options) {
  ModelCost cost;
  Sizes sizes(options.sizes);
  const Work work = Analyzer(cost, sizes).Run(model.graph, "");
  cost.macs = work.macs;
  cost.other = work.other;
  for (const NodeCost& node : cost.nodes) {
    cost.parameters = SaturatingAdd(cost.parameters, node.parameters);
    cost.parameter_bytes = SaturatingAdd(cost.parameter_bytes, node.parameter_bytes);
    cost.unknown_nodes += !node.known;
  }
  cost.peak_activation_bytes = PeakActivationBytes(model.graph, sizes);
  const std::vector<std::string> assumed = sizes.Assumptions();
  cost.assumptions.insert(cost.assumptions.begin(), assumed.begin(), assumed.end());
  return cost;
}

}  // namespace edgeopt::ops
