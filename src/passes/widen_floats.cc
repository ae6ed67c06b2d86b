// widen-floats: a model of float16, bfloat16 or float64 computes in float32.
//
// Before:   y = Op(x, w)                         x, w and y of another float type T
// After:    a = Cast<to = float32>(x);  b = Op(a, w as float32);  y = Cast<to = T>(b)
//           of float64 without the Casts: x and y are float32
// Requires: x an input, y an output of the model; what lies between is float32 altogether.
// Maths:    none.
// Numerics: a float16 model becomes more exact, a float64 one less: 24 bits instead of 53. Numbers
//           beyond float32's range become its largest, so that masks of -1.8e308 stay finite.
// Source:   ONNX operators whose attributes name an element type.
#include "passes/widen_floats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

constexpr auto kFloat32 = static_cast<int64_t>(DataType::kFloat32);

// Attributes that hold the number of an element type.
constexpr std::string_view kTypeAttributes[] = {"dtype",      "output_datatype",   "output_dtype",
                                                "stash_type", "softmax_precision", "to"};

bool IsHalf(DataType type) { return type == DataType::kFloat16 || type == DataType::kBfloat16; }
bool IsOther(DataType type) { return IsHalf(type) || type == DataType::kFloat64; }

Result<Tensor> Widened(const Tensor& tensor) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  EDGEOPT_TRY(const auto values, tensor.ToDoubles());
  std::vector<float> floats;
  floats.reserve(values.size());
  for (const double value : values)
    floats.push_back(
        static_cast<float>(std::isfinite(value) ? std::clamp(value, -kLargest, kLargest) : value));
  Tensor widened = Tensor::Of(tensor.dims(), floats);
  widened.name = tensor.name;
  return widened;
}

// The attribute with its tensor or type widened; nullopt when it holds nothing of that kind.
Result<std::optional<ir::Attribute>> Widened(ir::Attribute attribute) {
  if (const auto* tensor = attribute.get<Tensor>(); tensor != nullptr && IsOther(tensor->type())) {
    EDGEOPT_TRY(attribute.value, Widened(*tensor));
    return std::optional(std::move(attribute));
  }
  const auto* number = attribute.get<int64_t>();
  if (number == nullptr || !IsOther(static_cast<DataType>(*number)) ||
      std::ranges::find(kTypeAttributes, attribute.name) == std::end(kTypeAttributes))
    return std::optional<ir::Attribute>();
  attribute.value = kFloat32;
  return std::optional(std::move(attribute));
}

bool HoldsHalf(const ir::Attribute& attribute) {
  const auto* tensor = attribute.get<Tensor>();
  const auto* number = attribute.get<int64_t>();
  return (tensor != nullptr && IsHalf(tensor->type())) ||
         (number != nullptr && IsHalf(static_cast<DataType>(*number)));
}

// Sets `half` when it met a type of 16 bits; likewise below.
Result<bool> WidenNode(Graph& graph, NodeId id, bool& half) {
  bool changed = false;
  for (const ir::Attribute& attribute : std::vector<ir::Attribute>(graph.node(id).attributes)) {
    EDGEOPT_TRY(auto widened, Widened(attribute));
    if (!widened) continue;
    half |= HoldsHalf(attribute);
    graph.SetAttribute(id, *std::move(widened));
    changed = true;
  }
  return changed;
}

Result<bool> WidenGraph(Graph& graph, bool& half) {
  bool changed = false;
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ValueId id{static_cast<int32_t>(i)};
    if (!graph.alive(id) || !IsOther(graph.value(id).type.element)) continue;
    ir::Type type = graph.value(id).type;
    half |= IsHalf(type.element);
    type.element = DataType::kFloat32;
    if (const auto& initializer = graph.value(id).initializer) {
      EDGEOPT_TRY(Tensor widened, Widened(*initializer));
      graph.SetInitializer(id, std::move(widened));
    }
    graph.SetType(id, std::move(type));
    changed = true;
  }
  for (const NodeId id : graph.nodes()) {
    EDGEOPT_TRY(const bool node_changed, WidenNode(graph, id, half));
    changed |= node_changed;
  }
  return changed;
}

// A value that takes the name and type that an input or output had.
ValueId TakeName(Graph& graph, ValueId id, const ir::Type& type) {
  const std::string name = graph.value(id).name;
  for (std::string wide = name + "_float32"; !graph.Rename(id, wide);) wide += '_';
  const ValueId outer = graph.AddNamedValue(name);
  graph.SetType(outer, type);
  return outer;
}

void AddCast(Graph& graph, ValueId from, ValueId to) {
  const auto type = static_cast<int64_t>(graph.value(to).type.element);
  graph.AddNode("Cast", {from}, {to}, {{"to", type}}, graph.value(to).name + "_cast");
}

}  // namespace

Result<WidenedFloats> WidenFloats(ir::Model& model) {
  Graph& graph = model.graph;
  WidenedFloats widened;
  std::vector<ir::Type> input_types, output_types;
  for (const ValueId id : graph.inputs()) input_types.push_back(graph.value(id).type);
  for (const ValueId id : graph.outputs()) output_types.push_back(graph.value(id).type);
  EDGEOPT_TRY(widened.any, ir::TransformGraphs(
                               model, [&](Graph& part) { return WidenGraph(part, widened.half); }));
  if (!widened.any) return widened;
  std::vector<ValueId> inputs = graph.inputs(), outputs = graph.outputs();
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!IsHalf(output_types[i].element)) continue;
    const ValueId wide = outputs[i];
    outputs[i] = TakeName(graph, wide, output_types[i]);
    AddCast(graph, wide, outputs[i]);
  }
  graph.SetOutputs(std::move(outputs));
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!IsHalf(input_types[i].element)) continue;
    const ValueId wide = inputs[i];
    inputs[i] = TakeName(graph, wide, input_types[i]);
    AddCast(graph, inputs[i], wide);
  }
  graph.SetInputs(std::move(inputs));
  EDGEOPT_CHECK_OK(graph.SortTopologically());
  return widened;
}

}  // namespace edgeopt::passes
