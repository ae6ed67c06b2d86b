#include "ops/quantizability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "ops/operator.h"
#include "ops/parameters.h"
#include "ops/weight_statistics.h"

namespace edgeopt::ops {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

// With one scale for all channels, one that is 16 times smaller than the largest has 8 of 127
// steps.
constexpr double kDepthwiseSpread = 16;
// Ordinary convolutions average over many inputs and bear more: 2 of 127 steps are too few.
constexpr double kOrdinarySpread = 64;
// Activations of trained networks stay far below; a constant above it is a mask.
constexpr double kMaskMagnitude = 1e4;

std::string Rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string Label(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!node.name.empty()) return node.name;
  for (const ValueId output : node.outputs)
    if (output.valid()) return graph.value(output).name;
  return node.op_type;
}

class Finder {
 public:
  explicit Finder(std::vector<Finding>& findings) : findings_(findings) {}

  void Run(const Graph& graph, const std::string& prefix) {
    for (const NodeId id : graph.nodes()) {
      const Node& node = graph.node(id);
      label_ = prefix + Label(graph, id);
      if (node.Is("Constant")) continue;
      const Operator* found = Find(node);
      if (found && !found->hard_to_quantize.empty())
        Add(node, std::string(found->hard_to_quantize));
      if (found && found->weight_axis) CheckWeight(graph, node, *found);
      CheckGate(graph, node);
      CheckMask(graph, node);
      ir::ForEachSubgraph(
          node, [&, label = label_](const std::string& attribute, const Graph& subgraph) {
            Run(subgraph, label + "/" + (node.op_type == "If" ? attribute + "/" : ""));
          });
    }
  }

 private:
  void Add(const Node& node, std::string reason) {
    const std::string domain = node.domain.empty() ? "" : node.domain + ".";
    findings_.push_back({label_, domain + node.op_type, std::move(reason)});
  }

  void CheckWeight(const Graph& graph, const Node& node, const Operator& row) {
    const ValueId id = node.input(static_cast<size_t>(row.weight_input));
    if (!id.valid()) return;
    const auto weight = graph.ConstantOf(id);
    if (!weight) {
      // Attention multiplies two results; that is no weight.
      if (node.op_type == "Conv" && graph.value(id).captured)
        Add(node, "its weight belongs to the enclosing graph: it stays as it is");
      else if (node.op_type == "Conv" && !IsConstant(graph, id))
        Add(node, "its weight is computed at run time: it can't be quantized per channel");
      return;
    }
    const auto statistics = StatisticsOf(*weight, WeightAxis(node, weight->rank()));
    if (!statistics) return;
    if (statistics->not_finite > 0)
      Add(node, "its weight has " + std::to_string(statistics->not_finite) +
                    " values that are not finite");
    const bool depthwise =
        node.IntOr("group", 1) > 1 && node.IntOr("group", 1) == statistics->channels;
    const double limit = depthwise ? kDepthwiseSpread : kOrdinarySpread;
    if (statistics->channel_spread > limit)
      Add(node, "the ranges of its weight's channels differ by a factor of " +
                    Rounded(statistics->channel_spread) + ": quantize weights per channel");
    if (statistics->channels_with_outliers > 0)
      Add(node, "outliers stretch the range of " +
                    std::to_string(statistics->channels_with_outliers) + " of " +
                    std::to_string(statistics->channels) + " weight channels to more than 16 RMS");
  }

  // x * sigmoid(x) and x * hardsigmoid(x): SiLU and HardSwish in parts.
  void CheckGate(const Graph& graph, const Node& node) {
    if (!node.Is("Mul") || node.inputs.size() != 2) return;
    for (size_t i = 0; i < 2; ++i)
      for (const std::string_view gate : {"Sigmoid", "HardSigmoid"})
        if (const Node* producer = graph.ProducerIf(node.inputs[i], gate);
            producer && producer->input(0) == node.inputs[1 - i])
          return Add(
              node, std::string(Find(gate == "Sigmoid" ? "Swish" : "HardSwish")->hard_to_quantize));
  }

  // Attention masks: the smallest float, -1e9, infinities.
  void CheckMask(const Graph& graph, const Node& node) {
    constexpr std::array<std::string_view, 6> kMasking = {"Add",   "Sub", "Mul",
                                                          "Where", "Min", "Max"};
    if (!node.domain.empty() ||
        std::find(kMasking.begin(), kMasking.end(), node.op_type) == kMasking.end())
      return;
    for (const ValueId input : node.inputs) {
      const auto constant = graph.ConstantOf(input);
      if (!constant || !ir::IsFloatingPoint(constant->type())) continue;
      const auto values = constant->ToFloats();
      if (!values.ok()) continue;
      for (const float value : *values)
        if (std::abs(value) > kMaskMagnitude)
          return Add(node, "the constant " + Rounded(value) +
                               " would stretch the range of its result; keep it out of the range");
    }
  }

  std::vector<Finding>& findings_;
  std::string label_;
};

}  // namespace

std::vector<Finding> HardToQuantize(const ir::Model& model) {
  std::vector<Finding> findings;
  Finder(findings).Run(model.graph, "");
  return findings;
}

}  // namespace edgeopt::ops
