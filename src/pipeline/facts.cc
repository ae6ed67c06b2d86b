#include "pipeline/facts.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {

using nlohmann::json;

namespace {

bool IsIntegerOperator(const ir::Node& node) {
  static const std::set<std::string_view> kTypes = {
      "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul",
      "ConvInteger",    "MatMulInteger",    "DynamicQuantizeLSTM",   "MatMulNBits"};
  return kTypes.contains(node.op_type);
}

// Weights or activations of half precision feed an operator that multiplies.
bool ComputesInFloat16(const ir::Graph& graph, const ir::Node& node) {
  if (node.op_type != "Conv" && node.op_type != "MatMul" && node.op_type != "Gemm") return false;
  const ir::ValueId output = node.output(0);
  return output.valid() && graph.value(output).type.element == ir::DataType::kFloat16;
}

}  // namespace

ModelFacts InspectFacts(const ir::Model& model, bool float16_gains) {
  ModelFacts facts;
  facts.float16_gains = float16_gains;
  // With likely sizes in place of open ones: at size 1 the shares of operators are others.
  const ops::ModelCost cost = formats::CostOf(model, {});
  facts.nodes = static_cast<int64_t>(cost.nodes.size());
  facts.macs = cost.macs;
  facts.parameters = cost.parameters;
  facts.parameter_bytes = cost.parameter_bytes;
  static const std::set<std::string_view> kDynamic = {"MatMul", "Gemm", "LSTM"};
  static const std::set<std::string_view> kStatic = {"Conv", "MatMul", "Gemm"};
  for (const ops::NodeCost& node : cost.nodes) {
    // A product of two results has no weights. A recurrent layer always has some, which count at
    // another row where branches share them.
    if (node.parameters == 0 && node.op_type != "LSTM") continue;
    if (kDynamic.contains(node.op_type)) {
      facts.dynamic_macs += node.macs;
      facts.dynamic_parameter_bytes += node.parameter_bytes;
    }
    if (kStatic.contains(node.op_type)) facts.static_macs += node.macs;
  }
  for (const ir::NodeId id : model.graph.nodes()) {
    facts.quantized |= IsIntegerOperator(model.graph.node(id));
    facts.float16 |= ComputesInFloat16(model.graph, model.graph.node(id));
  }
  return facts;
}

bool Float16Gains(const measure::Machine& machine) {
  return machine.architecture == "aarch64" && machine.Has("asimdhp");
}

Result<std::optional<ModelFacts>> KnownFacts(const report::Record& record) {
  const report::Step* simplified = record.Find("simplify");
  const bool counts = simplified != nullptr && simplified->in_force() &&
                      simplified->details.is_object() &&
                      simplified->details.contains("model_facts");
  const json& document = counts ? simplified->details["model_facts"] : record.model_facts;
  if (document.is_null()) return std::optional<ModelFacts>();
  EDGEOPT_TRY(const ModelFacts facts, FactsFromJson(document));
  return std::optional<ModelFacts>(facts);
}

json ToJson(const ModelFacts& facts) {
  return {{"nodes", facts.nodes},
          {"macs", facts.macs},
          {"parameters", facts.parameters},
          {"parameter_bytes", facts.parameter_bytes},
          {"dynamic_macs", facts.dynamic_macs},
          {"static_macs", facts.static_macs},
          {"dynamic_parameter_bytes", facts.dynamic_parameter_bytes},
          {"quantized", facts.quantized},
          {"float16", facts.float16},
          {"float16_gains", facts.float16_gains}};
}

Result<ModelFacts> FactsFromJson(const json& document) {
  ModelFacts facts;
  try {
    document.at("nodes").get_to(facts.nodes);
    document.at("macs").get_to(facts.macs);
    document.at("parameters").get_to(facts.parameters);
    document.at("parameter_bytes").get_to(facts.parameter_bytes);
    document.at("dynamic_macs").get_to(facts.dynamic_macs);
    document.at("static_macs").get_to(facts.static_macs);
    document.at("dynamic_parameter_bytes").get_to(facts.dynamic_parameter_bytes);
    document.at("quantized").get_to(facts.quantized);
    document.at("float16").get_to(facts.float16);
    document.at("float16_gains").get_to(facts.float16_gains);
  } catch (const json::exception& error) {
    return BadInput(std::string("model_facts: ") + error.what());
  }
  return facts;
}

}  // namespace edgeopt::pipeline
