#include "ops/parameters.h"

#include <set>
#include <string_view>

namespace edgeopt::ops {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

// Weights pass through few operators on their way; a bound keeps the walk short.
constexpr int kMostSteps = 8;

// Inputs of quantizing operators that are scales and zero points.
bool IsQuantizationParameter(const Node& node, int32_t slot) {
  const std::string& type = node.op_type;
  if (type == "QuantizeLinear" || type == "DequantizeLinear") return slot > 0;
  if (type == "QLinearConv" || type == "QLinearMatMul") return slot != 0 && slot != 3 && slot != 8;
  if (type == "ConvInteger" || type == "MatMulInteger") return slot > 1;
  return false;
}

bool IsParameter(const Node& node, int32_t slot, DataType type) {
  if (IsQuantizationParameter(node, slot)) return false;
  if (ir::IsFloatingPoint(type)) return true;
  if (ir::IsInteger(type) && ir::BitsOf(type) <= 8) return true;
  return type == DataType::kInt32 &&
         (node.op_type == "DequantizeLinear" || (node.op_type == "QLinearConv" && slot == 8));
}

NodeId Owner(const Graph& graph, NodeId id) {
  static const std::set<std::string_view> kPassedThrough = {
      "Cast", "DequantizeLinear", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"};
  for (int step = 0; step < kMostSteps; ++step) {
    const Node& node = graph.node(id);
    if (kPassedThrough.count(node.op_type) == 0 || !IsConstant(graph, node.input(0))) break;
    const NodeId user = graph.OnlyUser(node.output(0));
    if (!user.valid()) break;
    id = user;
  }
  return id;
}

// The constant without its place in the graph.
Parameter Measured(const Graph& graph, ValueId id) {
  Parameter parameter{.value = id};
  if (const auto tensor = graph.ConstantOf(id)) {
    parameter.elements = tensor->size();
    parameter.bytes = tensor->size_bytes();
    parameter.type = tensor->type();
  } else if (const auto& dense = graph.value(id).initializer) {  // also an input: a default value
    parameter.elements = dense->size();
    parameter.bytes = dense->size_bytes();
    parameter.type = dense->type();
  } else if (const auto& sparse = graph.value(id).sparse_initializer) {
    parameter.elements = sparse->values.size();
    parameter.bytes = sparse->values.size_bytes() + sparse->indices.size_bytes();
    parameter.type = sparse->values.type();
  }
  return parameter;
}

}  // namespace

bool IsConstant(const Graph& graph, ValueId id) {
  for (int step = 0; step < kMostSteps && id.valid(); ++step) {
    const ir::Value& value = graph.value(id);
    if (value.initializer || value.sparse_initializer) return true;
    if (!value.producer.valid()) return false;
    const Node& producer = graph.node(value.producer);
    if (producer.Is("Constant")) return true;
    id = producer.input(0);
  }
  return false;
}

std::vector<Parameter> ParametersOf(const Graph& graph) {
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ValueId id{static_cast<int32_t>(i)};
    if (!graph.alive(id) || graph.uses(id).empty()) continue;
    Parameter parameter = Measured(graph, id);
    if (parameter.type == DataType::kUndefined) continue;
    const ir::Use use = graph.uses(id)[0];
    const bool counts = use.slot == ir::Use::kCaptured
                            ? ir::IsFloatingPoint(parameter.type)
                            : IsParameter(graph.node(use.node), use.slot, parameter.type);
    if (!counts) continue;
    parameter.owner = Owner(graph, use.node);
    parameters.push_back(parameter);
  }
  return parameters;
}

}  // namespace edgeopt::ops
