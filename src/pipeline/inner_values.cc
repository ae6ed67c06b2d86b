#include "pipeline/inner_values.h"

#include <algorithm>

#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"

namespace edgeopt::pipeline {
namespace {

namespace tflite = formats::tflite;

size_t MainGraph(const tflite::File& file) {
  return file.model.signature_defs.empty() ? 0 : file.model.signature_defs[0]->subgraph_index;
}

bool StandsForFloats(const tflite::schema::TensorT& tensor) {
  using Type = tflite::schema::TensorType;
  if (tensor.type == Type::FLOAT32) return true;
  const bool integer =
      tensor.type == Type::INT8 || tensor.type == Type::UINT8 || tensor.type == Type::INT16;
  return integer && tensor.quantization && tensor.quantization->scale.size() == 1;
}

// The value whose integers these are, by edgeopt's quantizer.
std::string StemOf(const std::string& name) {
  constexpr std::string_view kSuffix = "_quantized";
  return name.ends_with(kSuffix) ? name.substr(0, name.size() - kSuffix.size()) : name;
}

}  // namespace

Result<std::vector<InnerValue>> InnerValuesOf(const ir::Model& model) {
  ir::Model typed = model;
  EDGEOPT_CHECK_OK(formats::InferTypes(typed));
  std::vector<InnerValue> values;
  const ir::Graph& graph = typed.graph;
  for (const ir::NodeId node : graph.nodes())
    for (const ir::ValueId id : graph.node(node).outputs) {
      if (!id.valid() || graph.ConstantOf(id)) continue;
      const ir::Type& type = graph.value(id).type;
      if (type.is_tensor() && type.element == ir::DataType::kFloat32)
        values.push_back({graph.value(id).name, graph.node(node).op_type});
    }
  return values;
}

std::vector<InnerValue> InnerValuesOf(const tflite::File& file) {
  std::vector<InnerValue> values;
  const auto& graph = *file.model.subgraphs[MainGraph(file)];
  for (const auto& node : graph.operators)
    for (const int32_t output : node->outputs) {
      if (output < 0) continue;
      const auto& tensor = *graph.tensors[static_cast<size_t>(output)];
      if (!tensor.name.empty() && StandsForFloats(tensor))
        values.push_back(
            {tensor.name, tflite::OperatorName(*file.model.operator_codes[node->opcode_index])});
    }
  return values;
}

ir::Model WithOutputs(ir::Model model, const std::vector<std::string>& names) {
  std::vector<ir::ValueId> outputs;
  for (const std::string& name : names) outputs.push_back(model.graph.Find(name));
  model.graph.SetOutputs(std::move(outputs));
  model.graph.RemoveUnused();
  return model;
}

Result<tflite::File> WithOutputs(const tflite::File& file, const std::vector<std::string>& names) {
  if (MainGraph(file) != 0)
    return Unsupported("layers of a TFLite file whose first signature is not of its first graph",
                       "use --outputs-only");
  // The schema's objects are not copied: they are read anew.
  EDGEOPT_TRY(const std::string bytes, tflite::SerializeTflite(file));
  EDGEOPT_TRY(tflite::File changed, tflite::ParseTflite(Buffer::Copy(bytes.data(), bytes.size())));
  auto& graph = *changed.model.subgraphs.front();
  graph.outputs.clear();
  for (const std::string& name : names) {
    const auto found = std::ranges::find_if(
        graph.tensors, [&](const auto& tensor) { return tensor->name == name; });
    if (found != graph.tensors.end())
      graph.outputs.push_back(static_cast<int32_t>(found - graph.tensors.begin()));
  }
  // Without a signature a file's inputs have their tensors' names.
  if (!changed.model.signature_defs.empty())
    for (const auto& input : changed.model.signature_defs.front()->inputs)
      if (input->tensor_index < graph.tensors.size())
        graph.tensors[input->tensor_index]->name = input->name;
  changed.model.signature_defs.clear();
  return changed;
}

SharedValues Share(const std::vector<InnerValue>& reference, const std::vector<InnerValue>& other) {
  std::map<std::string, std::string> there;  // by stem
  for (const InnerValue& value : other) {
    // X itself, where there is one: of a Q/DQ model it is what the operator made.
    const std::string stem = StemOf(value.name);
    if (stem == value.name) there[stem] = value.name;
    there.emplace(stem, value.name);
  }
  SharedValues shared;
  for (const InnerValue& value : reference) {
    const bool is_new = shared.made_by.emplace(value.name, value.made_by).second;
    const auto twin = there.find(StemOf(value.name));
    if (!is_new || twin == there.end()) continue;
    shared.reference.push_back(value.name);
    shared.other.push_back(twin->second);
  }
  return shared;
}

}  // namespace edgeopt::pipeline
