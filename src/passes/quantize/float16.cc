#include "passes/quantize/float16.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/half.h"
#include "passes/quantize/shared_weights.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::Type;
using ir::ValueId;

constexpr float kLargestHalf = 65504.0f;

// Operators that the ONNX specification (opset 1 to 28) defines without float16, whose result
// depends on a type attribute, or whose float inputs are parameters rather than data.
constexpr std::array<std::string_view, 20> kFloat32Only = {"Bernoulli",
                                                           "Constant",
                                                           "ConstantOfShape",
                                                           "DynamicQuantizeLinear",
                                                           "EyeLike",
                                                           "ImageDecoder",
                                                           "Loop",
                                                           "MelWeightMatrix",
                                                           "Multinomial",
                                                           "NonMaxSuppression",
                                                           "OptionalGetElement",
                                                           "RandomNormal",
                                                           "RandomNormalLike",
                                                           "RandomUniform",
                                                           "RandomUniformLike",
                                                           "Range",
                                                           "SequenceAt",
                                                           "STFT",
                                                           "StringNormalizer",
                                                           "TfIdfVectorizer"};

bool IsFloat32(const Type& type) { return type.is_tensor() && type.element == DataType::kFloat32; }

// Inputs that stay float32 whatever the data type: Resize's roi and scales.
bool IsParameterInput(const Node& node, size_t slot) { return node.Is("Resize") && slot > 0; }

bool IsQuantizer(const Node& node) {
  return node.Is("QuantizeLinear") || node.Is("DequantizeLinear");
}

// What TensorRT fuses with an int8 multiply-add before it, or moves a Q or DQ past.
constexpr std::array<std::string_view, 17> kTakenAlong = {"Add",       "BatchNormalization",
                                                          "Clip",      "Concat",
                                                          "Flatten",   "HardSigmoid",
                                                          "HardSwish", "LeakyRelu",
                                                          "MaxPool",   "Mul",
                                                          "Relu",      "Reshape",
                                                          "Sigmoid",   "Squeeze",
                                                          "Tanh",      "Transpose",
                                                          "Unsqueeze"};

bool IsTakenAlong(const Node& node) {
  return node.domain.empty() &&
         std::find(kTakenAlong.begin(), kTakenAlong.end(), node.op_type) != kTakenAlong.end();
}

// Float16 has 11 bits above 2^-14 and loses one with each halving below: from 2^-17 on the scale is
// exact to 2^-8, less than half a step of the largest 8-bit integer.
constexpr float kSmallestScale = 0x1p-17f;

struct HalfTensor {
  ir::Tensor tensor;
  int64_t underflowed = 0;
};

HalfTensor ToHalf(const ir::Tensor& tensor) {
  HalfTensor half;
  std::vector<uint16_t> bits;
  bits.reserve(static_cast<size_t>(tensor.size()));
  for (const float value : tensor.as<float>()) {
    bits.push_back(FloatToHalf(value));
    half.underflowed += value != 0.0f && (bits.back() & 0x7FFFu) == 0;
  }
  half.tensor =
      ir::Tensor::Make(DataType::kFloat16, tensor.dims(), Buffer::FromVector(bits)).value();
  return half;
}

// A weight's DQ whose scales are too small: those become the smallest that float16 holds well, and
// the integers are rounded anew. What they stand for moves by 2^-18 at most, a thousandth of the
// largest weight such a channel can have.
void WidenSmallScales(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto data = graph.ConstantOf(node.input(0)), scale = graph.ConstantOf(node.input(1)),
             zero_point = graph.ConstantOf(node.input(2));
  if (!node.Is("DequantizeLinear") || !data || !scale || data->type() != DataType::kInt8 ||
      scale->type() != DataType::kFloat32 || scale->size() == 0)
    return;
  const auto is_zero = [](int8_t value) { return value == 0; };
  if (zero_point && !std::ranges::all_of(zero_point->as<int8_t>(), is_zero)) return;
  const auto old_scales = scale->as<float>();
  if (std::ranges::all_of(old_scales, [](float value) { return value >= kSmallestScale; })) return;
  // Elements of one channel lie `inner` apart from the next channel's.
  int64_t axis = node.IntOr("axis", 1), inner = 1;
  if (axis < 0) axis += data->rank();
  if (scale->size() > 1 && (scale->rank() != 1 || axis < 0 || axis >= data->rank())) return;
  if (scale->size() > 1)
    for (int64_t i = axis + 1; i < data->rank(); ++i) inner *= data->dims()[static_cast<size_t>(i)];
  std::vector<float> scales(old_scales.begin(), old_scales.end());
  for (float& value : scales) value = std::max(value, kSmallestScale);
  std::vector<int8_t> integers(data->as<int8_t>().begin(), data->as<int8_t>().end());
  for (size_t i = 0; i < integers.size(); ++i) {
    const size_t channel = i / static_cast<size_t>(inner) % scales.size();
    integers[i] = static_cast<int8_t>(
        std::nearbyint(static_cast<float>(integers[i]) * (old_scales[channel] / scales[channel])));
  }
  const std::string name = graph.value(node.input(0)).name;
  graph.SetInput(id, 0, graph.AddInitializer(name + "_wide", Tensor::Of(data->dims(), integers)));
  graph.SetInput(id, 1,
                 graph.AddInitializer(name + "_wide_scale", Tensor::Of(scale->dims(), scales)));
}

class Converter {
 public:
  Converter(Graph& graph, const Float16Options& options) : graph_(graph), options_(options) {}

  Float16Report Run() {
    if (options_.quantized == QuantizedPart::kFloat32) FindQuantizedPart();
    if (options_.quantized == QuantizedPart::kFloat16Scales)
      for (const NodeId id : graph_.nodes()) WidenSmallScales(graph_, id);
    for (const NodeId id : graph_.nodes()) {
      if (!TouchesFloat32(id)) continue;
      std::string reason = Obstacle(id);
      if (reason.empty())
        converted_.insert(id);
      else
        Keep(id, std::move(reason));
    }
    while (KeepReadersOfSharedWeights()) {
    }
    report_.converted_nodes = static_cast<int64_t>(converted_.size());
    report_.weights_bytes_before = WeightBytes();
    for (const NodeId id : graph_.nodes())
      if (converted_.count(id) > 0) ConvertOutputs(id);
    for (const NodeId id : graph_.nodes())
      if (!made_casts_.count(id)) ConvertInputs(id);
    graph_.RemoveUnused();
    report_.weights_bytes_after = WeightBytes();
    return std::move(report_);
  }

 private:
  void Keep(NodeId id, std::string reason) {
    report_.kept.push_back({NodeLabel(graph_, id), graph_.node(id).op_type, std::move(reason)});
  }

  bool KeepReadersOfSharedWeights() {
    bool any = false;
    const auto converts = [this](const ir::Use& use) {
      return converted_.count(use.node) > 0 &&
             (use.slot < 0 ||
              !IsParameterInput(graph_.node(use.node), static_cast<size_t>(use.slot)));
    };
    for (const NodeId id : graph_.nodes()) {
      if (converted_.count(id) == 0) continue;
      for (const ValueId input : graph_.node(id).inputs) {
        std::string reason = SharedWeightObstacle(graph_, input, converts);
        if (reason.empty()) continue;
        converted_.erase(id);
        Keep(id, std::move(reason));
        any = true;
        break;
      }
    }
    return any;
  }

  // Operators that read a DQ, and those that they take along up to the next Q.
  void FindQuantizedPart() {
    const std::vector<NodeId> nodes = graph_.nodes();
    for (const NodeId id : nodes) {
      if (IsQuantizer(graph_.node(id))) continue;
      const auto& inputs = graph_.node(id).inputs;
      if (std::any_of(inputs.begin(), inputs.end(), [&](ValueId input) {
            return graph_.ProducerIf(input, "DequantizeLinear") != nullptr;
          }))
        quantized_part_.insert(id);
    }
    // In order of execution what stands before is known; from behind, what a Q will read.
    std::set<NodeId> reaches_quantizer;
    for (auto id = nodes.rbegin(); id != nodes.rend(); ++id)
      if (IsTakenAlong(graph_.node(*id)) && HasReaderIn(*id, reaches_quantizer))
        reaches_quantizer.insert(*id);
    for (const NodeId id : nodes)
      if (reaches_quantizer.count(id) > 0 && ReadsQuantizedPart(id)) quantized_part_.insert(id);
  }

  bool HasReaderIn(NodeId id, const std::set<NodeId>& nodes) const {
    const auto& uses = graph_.uses(graph_.node(id).output(0));
    return std::any_of(uses.begin(), uses.end(), [&](const ir::Use& use) {
      return graph_.node(use.node).Is("QuantizeLinear") || nodes.count(use.node) > 0;
    });
  }

  bool ReadsQuantizedPart(NodeId id) const {
    const auto& inputs = graph_.node(id).inputs;
    return std::any_of(inputs.begin(), inputs.end(), [&](ValueId input) {
      const NodeId made_by = graph_.producer(input);
      return made_by.valid() && quantized_part_.count(made_by) > 0;
    });
  }

  bool TouchesFloat32(NodeId id) const {
    const Node& node = graph_.node(id);
    const auto float32 = [&](ValueId v) { return v.valid() && IsFloat32(graph_.value(v).type); };
    return std::any_of(node.inputs.begin(), node.inputs.end(), float32) ||
           std::any_of(node.outputs.begin(), node.outputs.end(), float32);
  }

  std::string Obstacle(NodeId id) const {
    const Node& node = graph_.node(id);
    if (options_.exclusions.Match(graph_, id)) return "excluded by the user";
    if (!node.domain.empty()) return "operators of domain '" + node.domain + "' are left alone";
    if (IsQuantizer(node)) return QuantizerObstacle(node);
    if (quantized_part_.count(id) > 0) return "it runs in int8";
    if (std::find(kFloat32Only.begin(), kFloat32Only.end(), node.op_type) != kFloat32Only.end())
      return node.op_type + " is not defined for float16";
    if (node.has_subgraphs()) return "it has subgraphs";
    for (const std::vector<ValueId>& side : {node.inputs, node.outputs})
      for (const ValueId value : side)
        if (value.valid() && !graph_.value(value).type.is_tensor())
          return "'" + graph_.value(value).name + "' is no tensor of known type";
    for (const ValueId output : node.outputs) {
      if (!output.valid()) continue;
      for (const ir::Use& use : graph_.uses(output))
        if (use.slot == ir::Use::kCaptured) return "its output is read inside a subgraph";
      if (std::string reason = RangeObstacle(output); !reason.empty()) return reason;
    }
    for (const ValueId input : node.inputs)
      if (std::string reason = RangeObstacle(input); !reason.empty()) return reason;
    return {};
  }

  std::string QuantizerObstacle(const Node& node) const {
    if (options_.quantized != QuantizedPart::kFloat16Scales)
      return node.op_type + " keeps its float32 scale";
    const auto scale = graph_.ConstantOf(node.input(1));
    if (!scale || scale->type() != DataType::kFloat32) return "its scale is no float32 constant";
    for (const float value : scale->as<float>())
      if (!(value >= kSmallestScale && value <= kLargestHalf))
        return "float16 can't hold its scale " + std::to_string(value);
    return {};
  }

  std::string RangeObstacle(ValueId id) const {
    if (!id.valid()) return {};
    const std::string& name = graph_.value(id).name;
    const auto observed = options_.observed_magnitude.find(name);
    if (observed != options_.observed_magnitude.end() && !(observed->second <= kLargestHalf))
      return "'" + name + "' reaches " + std::to_string(observed->second) +
             ", float16 ends at 65504";
    const auto constant = graph_.ConstantOf(id);
    if (!constant || constant->type() != DataType::kFloat32) return {};
    for (const float value : constant->as<float>())
      if (!(std::fabs(value) <= kLargestHalf))
        return "the constant '" + name + "' holds " + std::to_string(value) +
               ", float16 ends at 65504";
    return {};
  }

  // The outputs of a converted node become float16; a graph output is cast back under its own name.
  void ConvertOutputs(NodeId id) {
    for (size_t i = 0; i < graph_.node(id).outputs.size(); ++i) {
      const ValueId output = graph_.node(id).outputs[i];
      if (!output.valid() || !IsFloat32(graph_.value(output).type)) continue;
      Type half = graph_.value(output).type;
      half.element = DataType::kFloat16;
      if (!graph_.IsOutput(output)) {
        graph_.SetType(output, std::move(half));
        continue;
      }
      const ValueId inner =
          graph_.AddValue(graph_.value(output).name + "_float16", std::move(half));
      std::vector<ValueId> outputs = graph_.node(id).outputs;
      outputs[i] = inner;
      graph_.SetNodeOutputs(id, std::move(outputs));
      graph_.ReplaceUses(output, inner);
      AddCast(inner, output, DataType::kFloat32);
    }
    if (graph_.node(id).Is("Cast") && graph_.node(id).IntOr("to", 0) == int64_t{1})
      graph_.SetAttribute(id, {"to", static_cast<int64_t>(DataType::kFloat16), {}, 0, {}});
  }

  void ConvertInputs(NodeId id) {
    const bool half = converted_.count(id) > 0;
    for (size_t slot = 0; slot < graph_.node(id).inputs.size(); ++slot) {
      const ValueId input = graph_.node(id).inputs[slot];
      if (!input.valid() || !graph_.value(input).type.is_tensor()) continue;
      const DataType have = graph_.value(input).type.element;
      const bool wants_half = half && !IsParameterInput(graph_.node(id), slot);
      if (have == DataType::kFloat32 && wants_half && !KeepsInput(id))
        graph_.SetInput(id, slot, HalfOf(input));
      if (have == DataType::kFloat16 && !wants_half && made_half_.count(input) == 0 &&
          converted_.count(graph_.producer(input)) > 0)
        graph_.SetInput(id, slot, FloatOf(input));
    }
  }

  // A Cast accepts either type: no second Cast before it.
  bool KeepsInput(NodeId id) const { return graph_.node(id).Is("Cast"); }

  ValueId HalfOf(ValueId id) {
    auto [found, added] = half_of_.try_emplace(id, ir::kNoValue);
    if (!added) return found->second;
    const std::string name = graph_.value(id).name + "_float16";
    if (const auto constant = graph_.ConstantOf(id)) {
      HalfTensor half = ToHalf(*constant);
      report_.underflowed_weights += half.underflowed;
      found->second = graph_.AddInitializer(name, std::move(half.tensor));
    } else {
      found->second = graph_.AddValue(name, Retyped(id, DataType::kFloat16));
      AddCast(id, found->second, DataType::kFloat16);
    }
    made_half_.insert(found->second);
    return found->second;
  }

  ValueId FloatOf(ValueId id) {
    auto [found, added] = float_of_.try_emplace(id, ir::kNoValue);
    if (added) {
      found->second =
          graph_.AddValue(graph_.value(id).name + "_float32", Retyped(id, DataType::kFloat32));
      AddCast(id, found->second, DataType::kFloat32);
    }
    return found->second;
  }

  Type Retyped(ValueId id, DataType element) const {
    Type type = graph_.value(id).type;
    type.element = element;
    return type;
  }

  void AddCast(ValueId from, ValueId to, DataType type) {
    made_casts_.insert(graph_.AddNode("Cast", {from}, {to},
                                      {{"to", static_cast<int64_t>(type), {}, 0, {}}},
                                      graph_.value(to).name + "_cast"));
  }

  int64_t WeightBytes() const {
    int64_t total = 0;
    for (const ValueId id : graph_.initializers())
      if (graph_.value(id).initializer) total += graph_.value(id).initializer->size_bytes();
    return total;
  }

  Graph& graph_;
  const Float16Options& options_;
  Float16Report report_;
  std::set<NodeId> converted_, made_casts_, quantized_part_;
  std::set<ValueId> made_half_;
  std::map<ValueId, ValueId> half_of_, float_of_;
};

// ": 1 x If: it has subgraphs", or that nothing is float32.
std::string Summary(const Float16Report& report) {
  std::map<std::string, int> counts;
  for (const Float16Report::Kept& kept : report.kept) ++counts[kept.op_type + ": " + kept.reason];
  std::string text;
  for (const auto& [reason, count] : counts)
    text += (text.empty() ? ": " : ", ") + std::to_string(count) + " x " + reason;
  return text.empty() ? ": none computes in float32" : text;
}

}  // namespace

Result<Float16Report> ConvertFloat16(ir::Model& model, const Float16Options& options) {
  EDGEOPT_CHECK_OK(options.exclusions.CheckAllUsed(model.graph));
  constexpr int64_t kFloat16ScaleOpset = 19;
  if (options.quantized == QuantizedPart::kFloat16Scales &&
      model.OpsetVersion() < kFloat16ScaleOpset)
    return Unsupported("QuantizeLinear has float16 scales since opset " +
                       std::to_string(kFloat16ScaleOpset) + ", the model has " +
                       std::to_string(model.OpsetVersion()));
  ir::Model converted = model;
  Float16Report report = Converter(converted.graph, options).Run();
  if (report.converted_nodes == 0)
    return Unsupported("no operator of this model can run in float16" + Summary(report));
  EDGEOPT_CHECK_OK(converted.graph.SortTopologically());
  model = std::move(converted);
  return report;
}

}  // namespace edgeopt::passes::quantize
