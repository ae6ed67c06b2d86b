#include "formats/tflite/lower/graph_lowering.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"
#include "formats/tflite/problems.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;
using schema::ActivationFunctionType;

// Relu, Relu6 and Clip to [-1, 1], as an operator's own activation; NONE for all else.
ActivationFunctionType FusibleActivation(const ir::Graph& graph, const Node& node) {
  if (node.Is("Relu")) return ActivationFunctionType::RELU;
  if (!node.Is("Clip")) return ActivationFunctionType::NONE;
  const auto limit = [&](size_t slot) -> std::optional<float> {
    const auto constant = graph.ConstantOf(node.input(slot));
    if (!constant || constant->size() != 1) return std::nullopt;
    const auto floats = constant->ToFloats();
    return floats.ok() ? std::optional(floats->front()) : std::nullopt;
  };
  const auto low = limit(1), high = limit(2);
  if (low == 0.0f && high == 6.0f) return ActivationFunctionType::RELU6;
  if (low == -1.0f && high == 1.0f) return ActivationFunctionType::RELU_N1_TO_1;
  return ActivationFunctionType::NONE;
}

// An element would become infinite.
bool LeavesFloat16(const Tensor& tensor) {
  constexpr float kLargest = 65504;
  return std::ranges::any_of(tensor.as<float>(),
                             [](float value) { return !(std::fabs(value) <= kLargest); });
}

}  // namespace

GraphLowering::GraphLowering(const ir::Graph& graph, int64_t opset, FileBuilder& file,
                             const LowerOptions& options)
    : source_(graph),
      opset_(opset),
      file_(file),
      options_(options),
      plans_(graph.node_bound()),
      absorbed_(graph.node_bound()),
      tensors_(graph.value_bound()) {}

// --- what is decided before the first operator is written ---

void GraphLowering::PlanNodes() {
  for (const NodeId id : graph().nodes()) {
    plans_[static_cast<size_t>(id.index)].rule = FindRule(graph().node(id));
    PlanActivation(id);
    PlanQuantized(id);
  }
}

void GraphLowering::PlanActivation(NodeId id) {
  NodePlan& plan = plans_[static_cast<size_t>(id.index)];
  if (plan.rule == nullptr || !plan.rule->fuses_activation) return;
  const NodeId user = graph().OnlyUser(graph().node(id).output(0));
  if (!user.valid() || !IsFloat(TypeOf(graph().node(id).output(0)))) return;
  plan.fused = FusibleActivation(graph(), graph().node(user));
  if (plan.fused == ActivationFunctionType::NONE) return;
  plan.activation = user;
  absorbed_[static_cast<size_t>(user.index)] = true;
}

ValueId GraphLowering::FinalOutput(NodeId id, size_t index) const {
  const NodeId activation = plan(id).activation;
  return activation.valid() && index == 0 ? graph().node(activation).output(0)
                                          : graph().node(id).output(index);
}

// --- values ---

Error GraphLowering::UnknownRank(ValueId id) const {
  return Unsupported("the rank of '" + graph().value(id).name + "' is not known",
                     "fix the sizes of the model's inputs with --shape");
}

Result<TensorIndex> GraphLowering::AddWeight(const std::string& name, const Tensor& tensor) {
  if (tensor.type() != DataType::kFloat32 || options_.float16_from_elements <= 0 ||
      tensor.size() < options_.float16_from_elements || LeavesFloat16(tensor))
    return file_.AddConstant(name, tensor);
  return AddHalf(name, tensor);
}

Result<TensorIndex> GraphLowering::AddBias(const std::string& name, const Tensor& tensor,
                                           TensorIndex weight) {
  if (!halves_.contains(weight) || LeavesFloat16(tensor)) return AddWeight(name, tensor);
  return AddHalf(name, tensor);
}

Result<TensorIndex> GraphLowering::AddHalf(const std::string& name, const Tensor& tensor) {
  std::vector<uint16_t> halves;
  halves.reserve(static_cast<size_t>(tensor.size()));
  for (const float value : tensor.as<float>()) halves.push_back(FloatToHalf(value));
  EDGEOPT_TRY(const Tensor stored,
              Tensor::Make(DataType::kFloat16, tensor.dims(), Buffer::FromVector(halves)));
  EDGEOPT_TRY(const TensorIndex half, file_.AddConstant(name + "/float16", stored));
  EDGEOPT_TRY(const TensorIndex full,
              file_.AddTensor(name, DataType::kFloat32, ir::ToShape(tensor.dims())));
  file_.Add(Op::DEQUANTIZE, {half}, {full}, schema::DequantizeOptionsT{});
  halves_.insert(full);
  return full;
}

Result<TensorIndex> GraphLowering::TensorOf(ValueId id) {
  auto& known = tensors_[static_cast<size_t>(id.index)];
  if (known) return *known;
  const ir::Value& value = graph().value(id);
  const int bits = ir::BitsOf(value.type.element);
  if (ir::IsInteger(value.type.element) && bits <= 16 && QuantizationOf(id))
    return IntegerTensor(id);
  if (const auto constant = graph().ConstantOf(id)) {
    EDGEOPT_TRY(known, AddWeight(value.name, *constant));
    return *known;
  }
  if (!value.type.shape) return UnknownRank(id);
  if (graph().ProducerIf(id, "DequantizeLinear") != nullptr) {
    EDGEOPT_TRY(const TensorIndex stored, StoredTensorOf(id));
    EDGEOPT_TRY(known, file_.AddTensor(value.name, value.type.element, *value.type.shape));
    file_.Add(Op::DEQUANTIZE, {stored}, {*known}, schema::DequantizeOptionsT{});
    return *known;
  }
  EDGEOPT_TRY(known, file_.AddTensor(value.name, value.type.element, *value.type.shape));
  return *known;
}

Result<TensorIndex> GraphLowering::OutputOf(NodeId id, size_t index) {
  const ValueId value = FinalOutput(id, index);
  if (!plan(id).quantized || !IsFloat(TypeOf(value))) return TensorOf(value);
  const ValueId integer = graph().node(graph().OnlyUser(value)).output(0);
  const bool unshifted = TypeOf(integer).element == DataType::kUint8 && !IsShifted(integer);
  return unshifted ? ShiftedTensor(integer) : IntegerTensor(integer);
}

// --- the graph's ends ---

// LiteRT hands over no buffers of other types.
Status GraphLowering::CheckBoundary(ValueId id) const {
  const ir::Value& value = graph().value(id);
  if (value.type.element != DataType::kUint16 && value.type.element != DataType::kFloat64)
    return OkStatus();
  return Unsupported("'" + value.name + "' is " + std::string(ir::Name(value.type.element)) +
                         ", which LiteRT takes and gives no tensors of",
                     "export the model with float32 or int32 inputs and outputs");
}

Result<TensorIndex> GraphLowering::AddInput(ValueId id) {
  EDGEOPT_CHECK_OK(CheckBoundary(id));
  const ir::Value& value = graph().value(id);
  if (!value.type.shape) return UnknownRank(id);
  const auto quantization = QuantizationOf(id);
  if (quantization) EDGEOPT_CHECK_OK(CheckQuantized(id, *quantization));
  auto& known = tensors_[static_cast<size_t>(id.index)];
  EDGEOPT_TRY(known, file_.AddTensor(value.name, value.type.element, *value.type.shape,
                                     quantization ? &*quantization : nullptr));
  return *known;
}

Result<TensorIndex> GraphLowering::OutputTensor(ValueId id) {
  EDGEOPT_CHECK_OK(CheckBoundary(id));
  EDGEOPT_TRY(const TensorIndex tensor, TensorOf(id));
  if (!graph().IsInput(id) && !graph().ConstantOf(id)) return tensor;
  // What a runtime returns has to be made by an operator.
  if (std::ranges::count_if(*TypeOf(id).shape, [](const ir::Dim& dim) { return !dim.value; }) > 1)
    return Unsupported("output '" + graph().value(id).name + "' is an input of unknown sizes",
                       "fix the sizes of the model's inputs with --shape");
  const ir::Value& value = graph().value(id);
  EDGEOPT_TRY(const TensorIndex shape, file_.AddConstant(value.name + "/shape", ShapeOf(id)));
  EDGEOPT_TRY(const TensorIndex copy,
              file_.AddTensor(value.name, value.type.element, *value.type.shape));
  file_.Add(Op::RESHAPE, {tensor, shape}, {copy}, schema::ReshapeOptionsT{});
  return copy;
}

// With -1 for one size that is not known.
Tensor GraphLowering::ShapeOf(ValueId id) const {
  std::vector<int32_t> sizes;
  for (const ir::Dim& dim : *TypeOf(id).shape)
    sizes.push_back(static_cast<int32_t>(dim.value.value_or(-1)));
  return Tensor::Of({static_cast<int64_t>(sizes.size())}, sizes);
}

// --- the nodes ---

// So that rules can rely on them.
Status GraphLowering::CheckRanks(const Node& node) const {
  for (const auto& values : {node.inputs, node.outputs})
    for (const ValueId id : values)
      if (id.valid() && !TypeOf(id).shape) return UnknownRank(id);
  return OkStatus();
}

Status GraphLowering::LowerNode(NodeId id) {
  const Node& node = graph().node(id);
  // Constants and dequantized values are made where they are first read.
  if (absorbed_[static_cast<size_t>(id.index)] || node.Is("Constant") ||
      node.Is("DequantizeLinear"))
    return OkStatus();
  if (node.Is("QuantizeLinear")) return LowerQuantize(node);
  const Rule* rule = plan(id).rule;
  if (rule == nullptr) return Unsupported("no way to express it in TFLite's operators");
  const ValueId typed = node.input(rule->typed_input);
  if (typed.valid()) EDGEOPT_CHECK_OK(CheckTypes(*rule, TypeOf(typed).element));
  if (!rule->unranked) EDGEOPT_CHECK_OK(CheckRanks(node));
  NodeLowering lowering(*this, id);
  EDGEOPT_CHECK_OK(rule->lower(lowering));
  EDGEOPT_CHECK_OK(lowering.AddActivation());
  return AddUnshifted(id);
}

Status GraphLowering::LowerNodes() {
  PlanNodes();
  Problems problems;
  for (const NodeId id : graph().nodes()) {
    const Status lowered = LowerNode(id);
    if (lowered.ok()) continue;
    if (lowered.error().code != ErrorCode::kUnsupported)
      return lowered.error().Within(graph().Describe(id));
    problems.Add(graph().Describe(id), lowered.error());
  }
  return problems.ToStatus("node", "TFLite",
                           "export the model without them, or run it in ONNX Runtime");
}

Status GraphLowering::Run() {
  if (graph().inputs().empty())
    return Unsupported("the model has no inputs; LiteRT runs none of that kind");
  std::vector<std::pair<std::string, TensorIndex>> inputs, outputs;
  for (const ValueId id : graph().inputs()) {
    EDGEOPT_TRY(const TensorIndex input, AddInput(id));
    inputs.emplace_back(graph().value(id).name, input);
  }
  EDGEOPT_CHECK_OK(LowerNodes());
  for (const ValueId id : graph().outputs()) {
    EDGEOPT_TRY(const TensorIndex output, OutputTensor(id));
    outputs.emplace_back(graph().value(id).name, output);
  }
  file_.SetInputs(std::move(inputs));
  file_.SetOutputs(std::move(outputs));
  return OkStatus();
}

Result<std::vector<TensorIndex>> GraphLowering::RunOn(const std::vector<TensorIndex>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    tensors_[static_cast<size_t>(graph().inputs()[i].index)] = inputs[i];
  EDGEOPT_CHECK_OK(LowerNodes());
  std::vector<TensorIndex> outputs;
  for (const ValueId id : graph().outputs()) {
    EDGEOPT_TRY(const TensorIndex output, TensorOf(id));
    outputs.push_back(output);
  }
  return outputs;
}

}  // namespace edgeopt::formats::tflite::lower
