#include "runtimes/tensorrt/layers.h"

#include <algorithm>
#include <map>

#include "runtimes/tensorrt/exported_json.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using ir::DataType;
using nlohmann::json;

struct TypeWord {
  std::string_view word;
  DataType type;
};
// The words for types in "Format/Datatype" and in "Weights": {"Type": ...}.
constexpr TypeWord kTypeWords[] = {
    {"FP32", DataType::kFloat32},       {"Float", DataType::kFloat32},
    {"TF32", DataType::kFloat32},       {"FP16", DataType::kFloat16},
    {"Half", DataType::kFloat16},       {"BFloat16", DataType::kBfloat16},
    {"BF16", DataType::kBfloat16},      {"Int8", DataType::kInt8},
    {"INT8", DataType::kInt8},          {"FP8", DataType::kFloat8E4M3FN},
    {"Int4", DataType::kInt4},          {"FP4", DataType::kFloat4E2M1},
    {"FP4E2M1", DataType::kFloat4E2M1}, {"UInt8", DataType::kUint8},
    {"Int32", DataType::kInt32},        {"INT32", DataType::kInt32},
    {"Int64", DataType::kInt64},        {"BOOL", DataType::kBool},
    {"Bool", DataType::kBool},          {"Double", DataType::kFloat64},
};

bool IsWordPart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The first word that names a type: "Row major Int8 format", "Half", "Half(64,1:8,...)".
std::optional<DataType> TypeIn(std::string_view format) {
  for (size_t start = 0; start < format.size();) {
    size_t end = start;
    while (end < format.size() && IsWordPart(format[end])) ++end;
    for (const TypeWord& row : kTypeWords)
      if (format.substr(start, end - start) == row.word) return row.type;
    start = end + 1;
  }
  return std::nullopt;
}

std::vector<LayerTensor> TensorsOf(const json& layer, const char* side) {
  std::vector<LayerTensor> tensors;
  const json* list = Member(layer, side);
  if (list == nullptr || !list->is_array()) return tensors;
  for (const json& item : *list) {
    LayerTensor tensor{TextOf(item, "Name"), TextOf(item, "Format/Datatype"), {}};
    tensor.type = TypeIn(tensor.format);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::vector<std::string> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (size_t start = 0;;) {
    const size_t end = text.find(separator, start);
    if (const auto part = text.substr(start, end - start); !part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    start = end + separator.size();
  }
}

// "[ONNX Layer: a]\x1e[ONNX Layer: b]"; 10.x separates by 0x1e and 0x1f.
std::vector<std::string> NodesInMetadata(std::string metadata) {
  constexpr std::string_view kOpen = "[ONNX Layer: ";
  std::replace(metadata.begin(), metadata.end(), '\x1f', '\x1e');
  std::vector<std::string> nodes;
  for (const std::string& part : Split(metadata, "\x1e"))
    if (part.starts_with(kOpen) && part.ends_with("]"))
      nodes.push_back(part.substr(kOpen.size(), part.size() - kOpen.size() - 1));
  return nodes;
}

// What a kernel's name says: "..._i8i8_i8i32_f32_..." multiplies int8 by int8.
std::optional<DataType> TypeInTactic(std::string_view tactic) {
  if (tactic.find("i8i8_i8i32") != std::string_view::npos ||
      tactic.find("_i8816") != std::string_view::npos ||
      tactic.find("_imma_") != std::string_view::npos)
    return DataType::kInt8;
  if (tactic.find("f16f16_f16") != std::string_view::npos ||
      tactic.find("_h884") != std::string_view::npos ||
      tactic.find("_h16816") != std::string_view::npos)
    return DataType::kFloat16;
  if (tactic.find("f32f32_") != std::string_view::npos) return DataType::kFloat32;
  return std::nullopt;
}

std::optional<DataType> WeightsType(const json& layer) {
  for (const char* name : {"Weights", "ConvWeights"})
    if (const json* weights = Member(layer, name))
      if (const auto type = TypeIn(TextOf(*weights, "Type"))) return type;
  return std::nullopt;
}

std::optional<DataType> PrecisionOf(const json& description, const Layer& layer) {
  if (const auto type = WeightsType(description)) return type;
  if (const auto type = TypeInTactic(layer.tactic)) return type;
  return layer.inputs.empty() ? std::nullopt : layer.inputs[0].type;
}

Result<Layer> ParseLayer(const json& description) {
  if (description.is_string())
    return Unsupported("the engine tells only its layers' names, not their precisions",
                       "build it with trtexec --profilingVerbosity=detailed");
  Layer layer;
  layer.name = TextOf(description, "Name");
  if (layer.name.empty()) return BadInput("trtexec's layer information: a layer has no name");
  layer.kind = TextOf(description, "LayerType");
  layer.tactic = TextOf(description, "TacticName");
  layer.inputs = TensorsOf(description, "Inputs");
  layer.outputs = TensorsOf(description, "Outputs");
  layer.onnx_nodes = NodesInMetadata(TextOf(description, "Metadata"));
  if (layer.onnx_nodes.empty()) layer.onnx_nodes = Split(layer.name, " + ");
  layer.precision = PrecisionOf(description, layer);
  return layer;
}

bool Holds(const Layer& layer, const std::string& node) {
  return std::find(layer.onnx_nodes.begin(), layer.onnx_nodes.end(), node) !=
         layer.onnx_nodes.end();
}

std::vector<std::string> TypeNames(const std::vector<LayerTensor>& tensors) {
  std::vector<std::string> names;
  for (const LayerTensor& tensor : tensors)
    names.push_back(tensor.type ? std::string(ir::Name(*tensor.type)) : std::string());
  return names;
}

}  // namespace

Result<std::vector<Layer>> ParseLayers(std::string_view text) {
  EDGEOPT_TRY(const json document, ParseExported(text, "layer information"));
  const json* list = Member(document, "Layers");
  if (list == nullptr || !list->is_array())
    return BadInput("trtexec's layer information has no list of layers");
  std::vector<Layer> layers;
  for (const json& description : *list) {
    EDGEOPT_TRY(Layer layer, ParseLayer(description));
    layers.push_back(std::move(layer));
  }
  return layers;
}

Int8Check CheckInt8(std::span<const Layer> layers, std::span<const std::string> int8_nodes) {
  Int8Check check;
  for (const std::string& node : int8_nodes) {
    const Layer* other = nullptr;
    bool int8 = false;
    for (const Layer& layer : layers) {
      if (!layer.precision || !Holds(layer, node)) continue;
      int8 = int8 || *layer.precision == DataType::kInt8;
      if (other == nullptr) other = &layer;
    }
    if (int8) continue;
    if (other == nullptr)
      check.unknown.push_back(node);
    else
      check.fallbacks.push_back({node, other->name, *other->precision});
  }
  return check;
}

std::vector<LayerRun> JoinLayers(const LayerTimes& times, std::span<const Layer> layers) {
  std::multimap<std::string_view, const Layer*> by_name;
  for (const Layer& layer : layers) by_name.emplace(layer.name, &layer);
  std::vector<LayerRun> runs;
  for (const LayerTime& time : times.layers) {
    LayerRun run;
    run.event = {time.name, "", "TensorRT", time.mean_us, {}, {}, false};
    // Layers of one name come in the order in which they run.
    if (const auto found = by_name.lower_bound(time.name);
        found != by_name.end() && found->first == time.name) {
      const Layer& layer = *found->second;
      run.event.op_type = layer.kind;
      run.event.input_types = TypeNames(layer.inputs);
      run.event.output_types = TypeNames(layer.outputs);
      run.precision = layer.precision;
      by_name.erase(found);
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace edgeopt::runtimes::tensorrt
