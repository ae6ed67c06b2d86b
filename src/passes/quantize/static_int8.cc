#include "passes/quantize/static_int8.h"

#include <algorithm>
#include <optional>

#include "passes/quantize/constants.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::DataType;
using ir::Graph;
using ir::NodeId;
using ir::Tensor;
using ir::Type;
using ir::ValueId;

class Rewriter {
 public:
  Rewriter(Graph& graph, const StaticPlan& plan,
           const std::map<std::string, ActivationParams>& params, const StaticOptions& options)
      : graph_(graph), plan_(plan), params_(params), options_(options) {}

  Status Run() {
    // Scales are looked up by the values' names, before any value is renamed or replaced.
    for (const ValueId value : plan_.output_values) EDGEOPT_CHECK_OK(Resolve(value));
    for (const ValueId value : plan_.entry_values) EDGEOPT_CHECK_OK(Resolve(value));
    for (const NodeId id : plan_.quantized) EDGEOPT_CHECK_OK(QuantizeConstants(id));
    for (const ValueId value : plan_.entry_values) QuantizeEntry(value);
    for (const ValueId value : plan_.output_values) QuantizeOutput(value);
    graph_.RemoveUnused();
    return graph_.SortTopologically();
  }

 private:
  const OpRule& RuleOf(NodeId id) const { return *FindRule(*plan_.rules, graph_.node(id)); }

  Status Resolve(ValueId value) {
    const auto root = plan_.scale_of.find(value);
    const std::string& name =
        graph_.value(root == plan_.scale_of.end() ? value : root->second).name;
    const auto found = params_.find(name);
    if (found == params_.end()) return Internal("no quantization parameters for '" + name + "'");
    resolved_[value] = found->second;
    return OkStatus();
  }

  // Constant data operands (the table of an Add), then weight and bias.
  Status QuantizeConstants(NodeId id) {
    const OpRule& rule = RuleOf(id);
    for (const size_t slot : QuantizedSlots(plan_, graph_, id))
      EDGEOPT_CHECK_OK(QuantizeConstantOperand(id, slot));
    return rule.role == Role::kWeighted ? QuantizeWeighted(id, rule) : OkStatus();
  }

  Status QuantizeConstantOperand(NodeId id, size_t slot) {
    const ValueId input = graph_.node(id).inputs[slot];
    const auto constant = graph_.ConstantOf(input);
    if (!constant) return OkStatus();
    EDGEOPT_TRY(const QuantizedTensor operand,
                QuantizeOperand(*constant, plan_.rules->activation_type));
    graph_.SetInput(id, slot,
                    AddDequantized(graph_.value(input).name, operand, 0, constant->dims()));
    return OkStatus();
  }

  Status QuantizeWeighted(NodeId id, const OpRule& rule) {
    const auto weight_slot = static_cast<size_t>(rule.weight_input);
    const ValueId weight_value = graph_.node(id).input(weight_slot);
    const Tensor weight = *graph_.ConstantOf(weight_value);
    const int64_t axis = WeightChannelAxis(graph_.node(id), weight.rank());
    const BiasCorrection correction = CorrectionOf(id, weight, axis);
    if (correction) AddMissingBias(id, rule, weight.dims()[static_cast<size_t>(axis)]);
    const ValueId bias_value = rule.bias_input < 0
                                   ? ir::kNoValue
                                   : graph_.node(id).input(static_cast<size_t>(rule.bias_input));
    std::optional<Tensor> bias;
    if (bias_value.valid() && graph_.ConstantOf(bias_value)) {
      bias = *graph_.ConstantOf(bias_value);
      EDGEOPT_TRY(bias, bias->Reshaped({bias->size()}));  // Gemm allows [1, N]
    }
    if (plan_.rules->symmetric) {
      const auto quantized = QuantizeWeight(weight, axis, false);
      if (!quantized.ok()) return quantized.error().Within(graph_.Describe(id));
      graph_.SetInput(
          id, weight_slot,
          AddDequantized(graph_.value(weight_value).name, *quantized, axis, weight.dims()));
      if (bias && correction)
        graph_.SetInput(id, static_cast<size_t>(rule.bias_input),
                        graph_.AddInitializer(graph_.value(bias_value).name + "_corrected",
                                              Corrected(*bias, correction, *quantized)));
      return OkStatus();
    }
    const float input_scale = resolved_.at(graph_.node(id).inputs[0]).scale;
    auto layer = QuantizeLayer(weight, axis, options_.reduced_range, bias ? &*bias : nullptr,
                               input_scale, correction);
    if (!layer.ok()) return layer.error().Within(graph_.Describe(id));
    if (layer->bias)
      graph_.SetInput(id, static_cast<size_t>(rule.bias_input),
                      AddDequantized(graph_.value(bias_value).name, *layer->bias, 0, bias->dims()));
    graph_.SetInput(
        id, weight_slot,
        AddDequantized(graph_.value(weight_value).name, layer->weight, axis, weight.dims()));
    return OkStatus();
  }

  // Empty where the means of the node's input are not known.
  BiasCorrection CorrectionOf(NodeId id, const Tensor& weight, int64_t axis) const {
    const auto means = options_.means.find(graph_.value(graph_.node(id).input(0)).name);
    if (means == options_.means.end() || RuleOf(id).bias_input < 0) return {};
    return [node = graph_.node(id), weight, axis,
            &means = means->second](const QuantizedTensor& quantized) {
      return LostMeans(node, weight, quantized, axis, means);
    };
  }

  void AddMissingBias(NodeId id, const OpRule& rule, int64_t channels) {
    const auto slot = static_cast<size_t>(rule.bias_input);
    if (graph_.node(id).input(slot).valid()) return;
    const ValueId weight = graph_.node(id).input(static_cast<size_t>(rule.weight_input));
    std::vector<ValueId> inputs = graph_.node(id).inputs;
    inputs.resize(std::max(inputs.size(), slot + 1));
    inputs[slot] = graph_.AddInitializer(graph_.value(weight).name + "_bias",
                                         Tensor::Zeros(DataType::kFloat32, {channels}));
    graph_.SetNodeInputs(id, std::move(inputs));
  }

  // Initializers NAME_quantized, NAME_scale, NAME_zero_point and a DequantizeLinear behind them.
  ValueId AddDequantized(const std::string& name, const QuantizedTensor& quantized, int64_t axis,
                         const ir::Dims& dims) {
    const ValueId data = graph_.AddInitializer(name + "_quantized", quantized.data);
    const ValueId scale = graph_.AddInitializer(name + "_scale", quantized.scale);
    const ValueId zero_point = graph_.AddInitializer(name + "_zero_point", quantized.zero_point);
    const ValueId result = graph_.AddValue(name + "_dequantized",
                                           Type::OfTensor(DataType::kFloat32, ir::ToShape(dims)));
    std::vector<ir::Attribute> attributes;
    if (quantized.scale.rank() == 1) attributes.push_back({"axis", axis, {}, 0, {}});
    graph_.AddNode("DequantizeLinear", {data, scale, zero_point}, {result}, std::move(attributes),
                   graph_.value(result).name);
    return result;
  }

  struct ScaleAndZeroPoint {
    ValueId scale, zero_point;
  };

  ScaleAndZeroPoint AddParams(const std::string& name, const ActivationParams& params) {
    return {graph_.AddInitializer(name + "_scale", Tensor::Scalar(params.scale)),
            graph_.AddInitializer(name + "_zero_point", ZeroPoint(params.zero_point))};
  }

  Tensor ZeroPoint(int32_t value) const {
    switch (plan_.rules->activation_type) {
      case DataType::kInt16:
        return Tensor::Scalar(static_cast<int16_t>(value));
      case DataType::kInt8:
        return Tensor::Scalar(static_cast<int8_t>(value));
      default:
        return Tensor::Scalar(static_cast<uint8_t>(value));
    }
  }

  // from -> Q -> DQ -> to.
  void AddPair(ValueId from, ValueId to, const std::string& name, const ActivationParams& params) {
    const ScaleAndZeroPoint constants = AddParams(name, params);
    Type integers = graph_.value(to).type;
    integers.element = plan_.rules->activation_type;
    const ValueId quantized = graph_.AddValue(name + "_quantized", std::move(integers));
    graph_.AddNode("QuantizeLinear", {from, constants.scale, constants.zero_point}, {quantized}, {},
                   name + "_QuantizeLinear");
    graph_.AddNode("DequantizeLinear", {quantized, constants.scale, constants.zero_point}, {to}, {},
                   name + "_DequantizeLinear");
  }

  void QuantizeEntry(ValueId value) {
    const std::string name = graph_.value(value).name;
    const ValueId dequantized = graph_.AddValue(name + "_dequantized", graph_.value(value).type);
    for (const ir::Use& use : std::vector<ir::Use>(graph_.uses(value))) {
      if (use.slot < 0 || plan_.quantized.count(use.node) == 0) continue;
      const std::vector<size_t> slots = QuantizedSlots(plan_, graph_, use.node);
      if (std::find(slots.begin(), slots.end(), static_cast<size_t>(use.slot)) != slots.end())
        graph_.SetInput(use.node, static_cast<size_t>(use.slot), dequantized);
    }
    AddPair(value, dequantized, name, resolved_.at(value));
  }

  // The value keeps its name and readers and becomes the DQ's output; the operator writes a new
  // value.
  void QuantizeOutput(ValueId value) {
    const std::string name = graph_.value(value).name;
    NodeId made_by = graph_.producer(value);
    const auto absorbed = plan_.absorbed.find(made_by);
    if (absorbed != plan_.absorbed.end()) {
      graph_.RemoveNode(made_by);
      made_by = absorbed->second;
    }
    std::vector<ValueId> outputs = graph_.node(made_by).outputs;
    const size_t position = absorbed != plan_.absorbed.end() ? 0 : IndexOf(outputs, value);
    ValueId raw = outputs[position];
    if (raw == value) {
      raw = graph_.AddValue(name + "_raw", graph_.value(value).type);
      outputs[position] = raw;
      graph_.SetNodeOutputs(made_by, std::move(outputs));
    }
    AddPair(raw, value, name, resolved_.at(value));
  }

  static size_t IndexOf(const std::vector<ValueId>& values, ValueId wanted) {
    return static_cast<size_t>(std::find(values.begin(), values.end(), wanted) - values.begin());
  }

  Graph& graph_;
  const StaticPlan& plan_;
  const std::map<std::string, ActivationParams>& params_;
  const StaticOptions& options_;
  std::map<ValueId, ActivationParams> resolved_;
};

}  // namespace

Status QuantizeStatic(ir::Model& model, const StaticPlan& plan,
                      const std::map<std::string, ActivationParams>& params,
                      const StaticOptions& options) {
  ir::Model quantized = model;
  EDGEOPT_CHECK_OK(Rewriter(quantized.graph, plan, params, options).Run());
  model = std::move(quantized);
  return OkStatus();
}

}  // namespace edgeopt::passes::quantize
