// Quantized values and nodes: which nodes compute in integers, and the integer tensors.
#include <algorithm>

#include "formats/tflite/lower/graph_lowering.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

constexpr int kZeroPointShift = 128;  // from uint8 to int8

// uint8 elements as the int8 ones 128 below them.
Tensor Shifted(const Tensor& tensor) {
  std::vector<int8_t> shifted;
  shifted.reserve(static_cast<size_t>(tensor.size()));
  for (const uint8_t q : tensor.as<uint8_t>())
    shifted.push_back(static_cast<int8_t>(q - kZeroPointShift));
  return Tensor::Of(tensor.dims(), shifted);
}

}  // namespace

// --- nodes ---

void GraphLowering::PlanQuantized(NodeId id) {
  NodePlan& plan = plans_[static_cast<size_t>(id.index)];
  if (plan.rule == nullptr || !plan.rule->integer) return;
  const Node& node = graph().node(id);
  if (!ReadsIntegers(node, *plan.rule) || !WritesIntegers(id)) return;
  const std::vector<ValueId> integers = IntegersOf(id);
  const auto is_int16 = [&](ValueId value) { return TypeOf(value).element == DataType::kInt16; };
  plan.wide = std::ranges::any_of(integers, is_int16);
  plan.quantized =
      !plan.wide || (!plan.rule->int8_only && std::ranges::all_of(integers, is_int16) &&
                     HasInt8Weight(node, *plan.rule));
  if (!plan.quantized) return;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!node.outputs[i].valid() || !IsFloat(TypeOf(node.outputs[i]))) continue;
    const NodeId quantizer = graph().OnlyUser(FinalOutput(id, i));
    absorbed_[static_cast<size_t>(quantizer.index)] = true;
  }
}

// A bias may be a float constant: it is quantized by its operator's rule.
bool GraphLowering::ReadsIntegers(const Node& node, const Rule& rule) const {
  bool any = false;
  for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
    const ValueId input = node.inputs[slot];
    if (!input.valid() || !IsFloat(TypeOf(input))) continue;
    if (static_cast<int>(slot) == rule.weight_input && !IsSymmetric(input)) return false;
    if (graph().ProducerIf(input, "DequantizeLinear") != nullptr) {
      any = true;
    } else if (static_cast<int>(slot) != rule.bias_input || !graph().ConstantOf(input)) {
      return false;
    }
  }
  return any;
}

// The integer values that the node, which reads and writes such, would have in an integer kernel,
// without weight and bias.
std::vector<ValueId> GraphLowering::IntegersOf(NodeId id) const {
  const Node& node = graph().node(id);
  const Rule& rule = *plan(id).rule;
  std::vector<ValueId> integers;
  for (size_t slot = 0; slot < node.inputs.size(); ++slot) {
    const ValueId input = node.inputs[slot];
    if (!input.valid() || static_cast<int>(slot) == rule.bias_input) continue;
    const Node* linear = graph().ProducerIf(input, "DequantizeLinear");
    const bool is_weight = static_cast<int>(slot) == rule.weight_input && StoredConstantOf(input);
    if (linear != nullptr && !is_weight) integers.push_back(linear->input(0));
  }
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (node.outputs[i].valid() && IsFloat(TypeOf(node.outputs[i])))
      integers.push_back(graph().node(graph().OnlyUser(FinalOutput(id, i))).output(0));
  return integers;
}

// A constant weight beside int16 data; one that is computed is data itself.
bool GraphLowering::HasInt8Weight(const Node& node, const Rule& rule) const {
  if (rule.weight_input < 0) return true;
  const auto stored = StoredConstantOf(node.input(static_cast<size_t>(rule.weight_input)));
  return !stored || stored->tensor.type() == DataType::kInt8;
}

// What is no stored constant has no zero points that the kernel would ignore.
bool GraphLowering::IsSymmetric(ValueId weight) const {
  const auto stored = StoredConstantOf(weight);
  return !stored || !stored->quantization ||
         std::ranges::all_of(stored->quantization->zero_points,
                             [](int64_t zero) { return zero == 0; });
}

bool GraphLowering::WritesIntegers(NodeId id) const {
  const Node& node = graph().node(id);
  std::optional<Quantization> first;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!node.outputs[i].valid() || !IsFloat(TypeOf(node.outputs[i]))) continue;
    const NodeId user = graph().OnlyUser(FinalOutput(id, i));
    if (!user.valid() || !graph().node(user).Is("QuantizeLinear")) return false;
    const auto quantization = QuantizationOf(graph().node(user).output(0));
    if (!quantization) return false;
    // Several outputs come from one kernel.
    if (plan(id).rule->same_scale && first && *first != *quantization) return false;
    first = quantization;
  }
  return true;
}

// --- values ---

// LiteRT's kernels refuse other zero points, QUANTIZE and DEQUANTIZE among them.
Status GraphLowering::CheckQuantized(ValueId integer, const Quantization& quantization) const {
  const std::string name = "'" + graph().value(integer).name + "'";
  const DataType type = TypeOf(integer).element;
  if (!graph().ConstantOf(integer)) {
    const bool is_made = graph().ProducerIf(integer, "QuantizeLinear") != nullptr;
    const bool is_wide_enough =
        type == DataType::kInt8 || type == DataType::kUint8 || type == DataType::kInt16;
    if (is_made && !is_wide_enough)
      return Unsupported(name + " is " + std::string(ir::Name(type)) +
                             ", to which LiteRT quantizes nothing that is computed",
                         "quantize it to 8 bits");
    if (!is_made && quantization.scales.size() > 1)
      return Unsupported(name +
                             ", which is no constant, has a scale per channel; LiteRT's "
                             "DEQUANTIZE takes one",
                         "quantize it with one scale");
  }
  if (type != DataType::kInt16) return OkStatus();
  for (const int64_t zero_point : quantization.zero_points)
    if (zero_point != 0)
      return Unsupported(name + " is int16 with the zero point " + std::to_string(zero_point) +
                             "; LiteRT computes with 0 alone",
                         "quantize the model symmetrically, or to int8");
  return OkStatus();
}

bool GraphLowering::IsShifted(ValueId integer) const {
  if (TypeOf(integer).element != DataType::kUint8 || graph().IsOutput(integer)) return false;
  if (graph().ProducerIf(integer, "QuantizeLinear") == nullptr && !graph().ConstantOf(integer))
    return false;
  return std::ranges::all_of(graph().uses(integer), [&](const ir::Use& use) {
    return use.slot == 0 && graph().node(use.node).Is("DequantizeLinear");
  });
}

std::optional<Quantization> GraphLowering::ParametersOf(const Node& linear) const {
  const auto scale = graph().ConstantOf(linear.input(1));
  if (!scale || linear.IntOr("block_size", 0) != 0) return std::nullopt;
  auto scales = scale->ToFloats();
  if (!scales.ok()) return std::nullopt;
  Quantization quantization{*std::move(scales), {}, 0};
  quantization.zero_points.assign(quantization.scales.size(), 0);
  if (linear.input(2).valid()) {
    const auto zero_point = graph().ConstantOf(linear.input(2));
    if (!zero_point) return std::nullopt;
    auto values = zero_point->ToInts();
    if (!values.ok() || values->size() != quantization.scales.size()) return std::nullopt;
    quantization.zero_points = *std::move(values);
  }
  const int64_t rank = TypeOf(linear.input(0)).rank();
  const int64_t axis = linear.IntOr("axis", 1);
  if (scale->rank() == 1 && scale->size() != 1)
    quantization.axis = static_cast<int32_t>(axis < 0 ? axis + rank : axis);
  return quantization;
}

std::optional<Quantization> GraphLowering::OwnQuantizationOf(ValueId integer) const {
  const Node* linear = graph().ProducerIf(integer, "QuantizeLinear");
  for (const ir::Use& use : graph().uses(integer)) {
    if (linear != nullptr) break;
    if (use.slot == 0 && graph().node(use.node).Is("DequantizeLinear"))
      linear = &graph().node(use.node);
  }
  if (linear == nullptr) return std::nullopt;
  auto quantization = ParametersOf(*linear);
  if (quantization && IsShifted(integer))
    for (int64_t& zero_point : quantization->zero_points) zero_point -= kZeroPointShift;
  return quantization;
}

// A change of layout may stand between an input or output and its quantization.
std::optional<Quantization> GraphLowering::QuantizationOf(ValueId integer) const {
  if (auto own = OwnQuantizationOf(integer)) return own;
  const auto moves = [&](NodeId id) {
    return id.valid() && (graph().node(id).Is("Transpose") || graph().node(id).Is("Reshape"));
  };
  if (const NodeId user = graph().OnlyUser(integer); graph().IsInput(integer) && moves(user))
    return OwnQuantizationOf(graph().node(user).output(0));
  if (const NodeId producer = graph().producer(integer); moves(producer))
    return OwnQuantizationOf(graph().node(producer).input(0));
  return std::nullopt;
}

std::optional<NodeLowering::StoredConstant> GraphLowering::StoredConstantOf(
    ValueId dequantized) const {
  const Node* linear = graph().ProducerIf(dequantized, "DequantizeLinear");
  if (linear == nullptr) return std::nullopt;
  auto constant = graph().ConstantOf(linear->input(0));
  if (!constant) return std::nullopt;
  const bool shifted = IsShifted(linear->input(0));
  return NodeLowering::StoredConstant{shifted ? Shifted(*constant) : *std::move(constant),
                                      QuantizationOf(linear->input(0))};
}

Result<TensorIndex> GraphLowering::IntegerTensor(ValueId integer) {
  auto& known = tensors_[static_cast<size_t>(integer.index)];
  if (known) return *known;
  const ir::Value& value = graph().value(integer);
  const auto quantization = QuantizationOf(integer);
  if (!quantization)
    return Unsupported("the scale or zero point of '" + value.name +
                       "' is computed at run time, or stands for blocks");
  EDGEOPT_CHECK_OK(CheckQuantized(integer, *quantization));
  const bool shifted = IsShifted(integer);
  if (const auto constant = graph().ConstantOf(integer)) {
    EDGEOPT_TRY(known, file_.AddConstant(value.name, shifted ? Shifted(*constant) : *constant,
                                         &*quantization));
    return *known;
  }
  if (!value.type.shape) return UnknownRank(integer);
  EDGEOPT_TRY(known, file_.AddTensor(value.name, shifted ? DataType::kInt8 : value.type.element,
                                     *value.type.shape, &*quantization));
  return *known;
}

// The int8 tensor that integer operators read instead of a uint8 one.
Result<TensorIndex> GraphLowering::ShiftedTensor(ValueId integer) {
  const auto known = shifted_.find(integer);
  if (known != shifted_.end()) return known->second;
  auto quantization = QuantizationOf(integer);
  const ir::Value& value = graph().value(integer);
  if (!quantization || !value.type.shape) return UnknownRank(integer);
  for (int64_t& zero_point : quantization->zero_points) zero_point -= kZeroPointShift;
  EDGEOPT_TRY(const TensorIndex shifted, file_.AddTensor(value.name + "/int8", DataType::kInt8,
                                                         *value.type.shape, &*quantization));
  shifted_[integer] = shifted;
  return shifted;
}

Result<TensorIndex> GraphLowering::StoredTensorOf(ValueId dequantized) {
  const ValueId integer = graph().node(graph().producer(dequantized)).input(0);
  if (TypeOf(integer).element != DataType::kUint8 || IsShifted(integer))
    return IntegerTensor(integer);
  const bool first = !shifted_.contains(integer);
  EDGEOPT_TRY(const TensorIndex shifted, ShiftedTensor(integer));
  if (first) {
    EDGEOPT_TRY(const TensorIndex raw, IntegerTensor(integer));
    file_.Add(Op::QUANTIZE, {raw}, {shifted}, schema::QuantizeOptionsT{});
  }
  return shifted;
}

// The operator wrote int8; what is uint8 outside follows.
Status GraphLowering::AddUnshifted(NodeId id) {
  const Node& node = graph().node(id);
  if (!plan(id).quantized) return OkStatus();
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (!node.outputs[i].valid() || !IsFloat(TypeOf(node.outputs[i]))) continue;
    const ValueId integer = graph().node(graph().OnlyUser(FinalOutput(id, i))).output(0);
    const auto shifted = shifted_.find(integer);
    if (shifted == shifted_.end()) continue;
    EDGEOPT_TRY(const TensorIndex raw, IntegerTensor(integer));
    file_.Add(Op::QUANTIZE, {shifted->second}, {raw}, schema::QuantizeOptionsT{});
  }
  return OkStatus();
}

Status GraphLowering::LowerQuantize(const Node& node) {
  const bool from_integers = graph().ProducerIf(node.input(0), "DequantizeLinear") != nullptr;
  EDGEOPT_TRY(const TensorIndex input,
              from_integers ? StoredTensorOf(node.input(0)) : TensorOf(node.input(0)));
  EDGEOPT_TRY(const TensorIndex output, IntegerTensor(node.output(0)));
  file_.Add(Op::QUANTIZE, {input}, {output}, schema::QuantizeOptionsT{});
  return OkStatus();
}

}  // namespace edgeopt::formats::tflite::lower
