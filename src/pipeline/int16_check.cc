#include "pipeline/int16_check.h"

namespace edgeopt::pipeline {
namespace {

// The step of an output that a DequantizeLinear with one constant scale makes; 0 for others.
double StepOf(const ir::Graph& graph, const std::string& output) {
  const ir::ValueId id = graph.Find(output);
  const ir::Node* linear = id.valid() ? graph.ProducerIf(id, "DequantizeLinear") : nullptr;
  const auto scale = linear != nullptr ? graph.ConstantOf(linear->input(1)) : std::nullopt;
  if (!scale || scale->size() != 1 || scale->type() != ir::DataType::kFloat32) return 0;
  return scale->as<float>()[0];
}

}  // namespace

bool HasInt16Activations(const ir::Model& model) {
  bool any = false;
  for (const ir::NodeId id : model.graph.nodes()) {
    const ir::Node& node = model.graph.node(id);
    if (!node.Is("QuantizeLinear")) continue;
    if (model.graph.value(node.output(0)).type.element != ir::DataType::kInt16) return false;
    any = true;
  }
  return any;
}

Status CloseInInt16(const std::vector<OutputDifference>& differences, const ir::Model& model) {
  for (const OutputDifference& output : differences) {
    if (output.max_abs_error <= kInt16Steps * StepOf(model.graph, output.name)) continue;
    EDGEOPT_CHECK_OK(AboveSqnr({output}, kInt16FloorDb));
  }
  return OkStatus();
}

}  // namespace edgeopt::pipeline
