#include "passes/quantize/weight_int8.h"

#include <map>

#include "passes/quantize/constants.h"
#include "passes/quantize/rules.h"
#include "passes/quantize/shared_weights.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

// As TensorFlow's converter has it: smaller ones gain nothing.
constexpr int64_t kMinElements = 1024;

class WeightQuantizer {
 public:
  WeightQuantizer(Graph& graph, const Exclusions& exclusions)
      : graph_(graph), exclusions_(exclusions) {}

  Result<WeightInt8Report> Run() {
    EDGEOPT_CHECK_OK(exclusions_.CheckAllUsed(graph_));
    std::vector<NodeId> chosen;
    for (const NodeId id : graph_.nodes()) {
      if (!HasWeight(graph_.node(id))) continue;
      const std::string reason = Obstacle(id);
      if (reason.empty())
        chosen.push_back(id);
      else
        report_.skips.push_back({NodeLabel(graph_, id), graph_.node(id).op_type, reason});
    }
    for (const NodeId id : chosen) EDGEOPT_CHECK_OK(Quantize(id));
    graph_.RemoveUnused();
    EDGEOPT_CHECK_OK(graph_.SortTopologically());
    return std::move(report_);
  }

 private:
  bool HasWeight(const Node& node) const {
    return (node.Is("Conv") || node.Is("ConvTranspose") || node.Is("Gemm") || node.Is("MatMul")) &&
           node.input(1).valid() && graph_.ConstantOf(node.input(1)).has_value();
  }

  // Why the weight stays float; empty when it need not.
  std::string Obstacle(NodeId id) const {
    const Node& node = graph_.node(id);
    const ir::Tensor weight = *graph_.ConstantOf(node.input(1));
    if (exclusions_.Match(graph_, id)) return "excluded";
    if (weight.type() != ir::DataType::kFloat32) return "its weight is not float32";
    if (node.IntOr("group", 1) != 1) return "a convolution in groups";
    if (node.Is("Conv") && weight.rank() > 4) return "more than two spatial axes";
    if (node.Is("MatMul") && weight.rank() != 2) return "its weight is no matrix";
    if (weight.size() < kMinElements) return "its weight is small";
    const std::string shared = SharedWeightObstacle(graph_, node.input(1), [&](const ir::Use& use) {
      return use.slot == 1 && HasWeight(graph_.node(use.node)) &&
             graph_.node(use.node).IntOr("group", 1) == 1;
    });
    return shared;
  }

  Status Quantize(NodeId id) {
    const ValueId value = graph_.node(id).input(1);
    const ir::Tensor weight = *graph_.ConstantOf(value);
    const int64_t axis = WeightChannelAxis(graph_.node(id), weight.rank());
    const auto [known, is_new] = made_.try_emplace({value, axis});
    if (is_new) {
      auto quantized = QuantizeWeight(weight, axis, /*reduced_range=*/false);
      if (!quantized.ok()) return quantized.error().Within(graph_.Describe(id));
      const std::string name = graph_.value(value).name;
      const ValueId data = graph_.AddInitializer(name + "_quantized", quantized->data);
      const ValueId scale = graph_.AddInitializer(name + "_scale", quantized->scale);
      const ValueId zero_point = graph_.AddInitializer(name + "_zero_point", quantized->zero_point);
      known->second =
          graph_.AddValue(name + "_dequantized",
                          ir::Type::OfTensor(ir::DataType::kFloat32, ir::ToShape(weight.dims())));
      graph_.AddNode("DequantizeLinear", {data, scale, zero_point}, {known->second},
                     {{"axis", axis, {}, 0, {}}}, graph_.value(known->second).name);
    }
    graph_.SetInput(id, 1, known->second);
    report_.nodes.push_back(NodeLabel(graph_, id));
    return OkStatus();
  }

  Graph& graph_;
  const Exclusions& exclusions_;
  std::map<std::pair<ValueId, int64_t>, ValueId> made_;  // by weight and axis
  WeightInt8Report report_;
};

}  // namespace

Result<WeightInt8Report> QuantizeWeightsToInt8(ir::Model& model, const Exclusions& exclusions) {
  return WeightQuantizer(model.graph, exclusions).Run();
}

}  // namespace edgeopt::passes::quantize
