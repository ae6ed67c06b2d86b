#include "pipeline/package_model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/preprocessing.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/metadata.h"
#include "pipeline/open_model.h"
#include "report/text.h"

namespace edgeopt::pipeline {
namespace fs = std::filesystem;
namespace tflite = formats::tflite;
using report::Record;
using report::Step;

namespace {

// Essentials that stay with the model where the package around it is lost.
using Essentials = std::vector<std::pair<std::string, std::string>>;

Essentials EssentialsOf(const Record& record, const PackagedModel& model) {
  const Step& best = *record.best();
  std::string recipe;
  for (const Step* step : record.Chain(best)) recipe += (recipe.empty() ? "" : ", ") + step->id;
  Essentials entries = {{"version", record.tool_version},
                        {"source_sha256", record.model_sha256},
                        {"variant", best.id},
                        {"recipe", recipe.empty() ? "none" : recipe},
                        {"device", record.device}};
  if (best.accuracy && record.baseline()->accuracy) {
    entries.emplace_back("metric", record.metric);
    entries.emplace_back("accuracy", report::Score(best.accuracy->value));
    entries.emplace_back("baseline_accuracy", report::Score(record.baseline()->accuracy->value));
    entries.emplace_back("accuracy_samples", std::to_string(best.accuracy->samples));
    entries.emplace_back("accuracy_tolerance", report::Number(record.tolerance_ratio * 100) + "%");
  }
  if (!model.preprocessing.empty()) entries.emplace_back("preprocessing", model.preprocessing);
  return entries;
}

Status WriteOnnxModel(const Essentials& essentials, const fs::path& source,
                      const fs::path& target) {
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(source));
  std::erase_if(model.metadata,
                [](const auto& entry) { return entry.first.starts_with("edgeopt."); });
  for (const auto& [name, value] : essentials)
    model.metadata.emplace_back("edgeopt." + name, value);
  return formats::WriteOnnx(model, target);
}

const tflite::schema::SubGraphT& MainGraph(const tflite::File& file) {
  return *file.model.subgraphs.front();
}

// TFLite's normalization is of raw values: (x * scale - mean) / std = (x - mean / scale) /
// (std / scale).
void Normalize(const data::InputPreprocessing& rule, tflite::TensorDescription& tensor) {
  using Content = tflite::TensorDescription::Content;
  tensor.content = rule.color == data::ColorOrder::kGrey ? Content::kGreyImage : Content::kRgbImage;
  if (rule.color == data::ColorOrder::kBgr) tensor.description = "channels in the order BGR";
  const size_t channels = std::max<size_t>({1, rule.mean.size(), rule.std.size()});
  const auto at = [](const std::vector<double>& values, size_t i, double otherwise) {
    return values.empty() ? otherwise : values[std::min(i, values.size() - 1)];
  };
  for (size_t i = 0; i < channels; ++i) {
    tensor.mean.push_back(static_cast<float>(at(rule.mean, i, 0) / rule.scale));
    tensor.std.push_back(static_cast<float>(at(rule.std, i, 1) / rule.scale));
  }
}

Result<tflite::ModelDescription> DescriptionFor(const Record& record, const PackagedModel& model,
                                                const tflite::File& file) {
  constexpr const char* kLabels = "labels.txt";
  tflite::ModelDescription description;
  description.name = record.model_name;
  description.description = "optimized by edgeopt " + record.tool_version + " for " + record.device;
  data::Preprocessing preprocessing;
  if (!model.preprocessing.empty()) {
    EDGEOPT_TRY(preprocessing, data::ParsePreprocessing(model.preprocessing, "preprocessing.toml"));
  }
  const auto& graph = MainGraph(file);
  for (const int32_t input : graph.inputs) {
    tflite::TensorDescription& tensor = description.inputs.emplace_back();
    tensor.name = graph.tensors[static_cast<size_t>(input)]->name;
    if (const auto* rule = preprocessing.For(tensor.name)) Normalize(*rule, tensor);
  }
  for (const int32_t output : graph.outputs) {
    tflite::TensorDescription& tensor = description.outputs.emplace_back();
    const auto& shape = graph.tensors[static_cast<size_t>(output)]->shape;
    tensor.name = graph.tensors[static_cast<size_t>(output)]->name;
    const auto classes = static_cast<int32_t>(model.class_names.size());
    if (classes == 0 || shape.empty() || shape.back() != classes) continue;
    tensor.labels_file = kLabels;
    std::string& labels = description.files[kLabels];
    labels.clear();
    for (const std::string& name : model.class_names) labels += name + "\n";
  }
  return description;
}

Status WriteTfliteModel(const Record& record, const PackagedModel& model,
                        const Essentials& essentials, const fs::path& source,
                        const fs::path& target) {
  EDGEOPT_TRY(tflite::File file, tflite::ReadTflite(source));
  EDGEOPT_TRY(const auto description, DescriptionFor(record, model, file));
  tflite::Describe(description, file);
  nlohmann::json entries = nlohmann::json::object();
  for (const auto& [name, value] : essentials) entries[name] = value;
  tflite::SetMetadata("edgeopt", entries.dump(), file);
  // The converter's own entry has 16 bytes.
  std::string version = tflite::MinRuntimeVersion(file);
  version.resize(16);
  tflite::SetMetadata("min_runtime_version", version, file);
  return tflite::WriteTflite(file, target);
}

// Runtimes know it by the signature's name, where there is one.
package::Port PortOf(const tflite::schema::TensorT& tensor, int32_t index,
                     const std::vector<std::unique_ptr<tflite::schema::TensorMapT>>* signature) {
  package::Port port;
  port.name = tensor.name;
  if (signature != nullptr)
    for (const auto& entry : *signature)
      if (entry->tensor_index == static_cast<uint32_t>(index)) port.name = entry->name;
  port.type = tflite::TypeName(tensor.type);
  std::ranges::transform(port.type, port.type.begin(),
                         [](unsigned char c) { return std::tolower(c); });
  const bool open = tensor.shape_signature.size() == tensor.shape.size();
  const auto& dims = open ? tensor.shape_signature : tensor.shape;
  port.dims.assign(dims.begin(), dims.end());
  return port;
}

ModelPorts PortsOf(const ir::Graph& graph) {
  const auto ports = [&](const std::vector<ir::ValueId>& values) {
    std::vector<package::Port> made;
    for (const ir::ValueId id : values) {
      const ir::Value& value = graph.value(id);
      if (value.initializer) continue;
      package::Port port{value.name, std::string(ir::Name(value.type.element)), {}};
      if (value.type.shape)
        for (const ir::Dim& dim : *value.type.shape) port.dims.push_back(dim.value.value_or(-1));
      made.push_back(std::move(port));
    }
    return made;
  };
  return {ports(graph.inputs()), ports(graph.outputs()), {}};
}

}  // namespace

Result<ModelPorts> ReadPorts(const fs::path& model) {
  if (FormatOf(model) == Format::kOnnx) {
    EDGEOPT_TRY(const ir::Model read, formats::ReadOnnx(model));
    return PortsOf(read.graph);
  }
  EDGEOPT_TRY(const tflite::File file, tflite::ReadTflite(model));
  ModelPorts ports;
  std::vector<runtimes::TensorSpec> quantized;
  const auto& graph = MainGraph(file);
  const auto* signature =
      file.model.signature_defs.empty() ? nullptr : file.model.signature_defs.front().get();
  for (const int32_t index : graph.inputs) {
    const auto& tensor = *graph.tensors[static_cast<size_t>(index)];
    ports.inputs.push_back(PortOf(tensor, index, signature ? &signature->inputs : nullptr));
    const package::Port& port = ports.inputs.back();
    if (!tensor.quantization || tensor.quantization->scale.size() != 1) continue;
    runtimes::TensorSpec& spec = quantized.emplace_back();
    spec.name = port.name;
    spec.type = ir::DataTypeFromName(port.type).value_or(ir::DataType::kUndefined);
    const auto& zero_points = tensor.quantization->zero_point;
    spec.quantization = runtimes::Quantization{tensor.quantization->scale.front(),
                                               zero_points.empty() ? 0 : zero_points.front()};
  }
  for (const int32_t index : graph.outputs)
    ports.outputs.push_back(PortOf(*graph.tensors[static_cast<size_t>(index)], index,
                                   signature ? &signature->outputs : nullptr));
  ports.integers = IntegersOf(quantized);
  return ports;
}

std::vector<data::InputSpec> DataSpecsOf(const ModelPorts& ports) {
  std::vector<data::InputSpec> specs;
  for (const package::Port& port : ports.inputs) {
    const ir::DataType type =
        ports.integers.contains(port.name)
            ? ir::DataType::kFloat32
            : ir::DataTypeFromName(port.type).value_or(ir::DataType::kUndefined);
    specs.push_back({port.name, type, port.dims, !port.dims.empty()});
  }
  return specs;
}

Status WritePackagedModel(const Record& record, const PackagedModel& model, const fs::path& source,
                          const fs::path& target) {
  const Essentials essentials = EssentialsOf(record, model);
  return FormatOf(source) == Format::kTflite
             ? WriteTfliteModel(record, model, essentials, source, target)
             : WriteOnnxModel(essentials, source, target);
}

}  // namespace edgeopt::pipeline
