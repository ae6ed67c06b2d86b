#include "pipeline/open_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "formats/onnx/onnx.h"
#include "formats/pt2/pt2.h"
#include "formats/tflite/file.h"
#include "formats/tflite/raise.h"
#include "frameworks/recognize.h"

namespace edgeopt::pipeline {
namespace {

Status CheckTensor(const ir::Tensor& tensor, const std::string& name) {
  if (!ir::IsFloatingPoint(tensor.type())) return OkStatus();
  EDGEOPT_TRY(const std::vector<float> values, tensor.ToFloats());
  if (std::none_of(values.begin(), values.end(), [](float value) { return std::isnan(value); }))
    return OkStatus();
  return BadInput("weight '" + name + "' holds NaN", "check the training, and export it again");
}

Status CheckGraphWeights(const ir::Graph& graph) {
  for (const ir::ValueId id : graph.initializers())
    if (const auto& tensor = graph.value(id).initializer)
      EDGEOPT_CHECK_OK(CheckTensor(*tensor, graph.value(id).name));
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    if (node.Is("Constant"))
      if (const ir::Attribute* value = node.FindAttribute("value"))
        if (const auto* tensor = value->get<ir::Tensor>())
          EDGEOPT_CHECK_OK(CheckTensor(*tensor, graph.value(node.output(0)).name));
    Status inner;
    ir::ForEachSubgraph(node, [&](const std::string&, const ir::Graph& subgraph) {
      if (inner.ok()) inner = CheckGraphWeights(subgraph);
    });
    EDGEOPT_CHECK_OK(inner);
  }
  return OkStatus();
}

}  // namespace

Format FormatOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 8> start{};
  file.read(start.data(), start.size());
  const std::string_view identifier(start.data() + 4, 4);
  return identifier == "TFL3" ? Format::kTflite : Format::kOnnx;
}

std::string_view Name(Format format) { return format == Format::kTflite ? "tflite" : "onnx"; }

std::string_view RuntimeOf(Format format) {
  return format == Format::kTflite ? "litert" : "onnxruntime";
}

Status CheckModelFile(const std::filesystem::path& path) {
  EDGEOPT_TRY(const auto source, frameworks::Recognize(path.string()));
  if (source) return frameworks::CheckOptions(*source);
  if (FormatOf(path) == Format::kTflite) {
    EDGEOPT_CHECK_OK(formats::tflite::ReadTflite(path));
  } else {
    EDGEOPT_CHECK_OK(OpenModel(path));
  }
  return OkStatus();
}

Result<ir::Model> ReadModel(const std::filesystem::path& path) {
  if (formats::pt2::IsPt2(path)) return formats::pt2::ReadPt2(path);
  if (FormatOf(path) == Format::kOnnx) return formats::ReadOnnx(path);
  EDGEOPT_TRY(const formats::tflite::File file, formats::tflite::ReadTflite(path));
  auto model = formats::tflite::Raise(file);
  if (!model.ok()) return model.error().Within("'" + path.string() + "'");
  return model;
}

Result<ir::Model> OpenModel(const std::filesystem::path& path) {
  EDGEOPT_TRY(ir::Model model, ReadModel(path));
  if (const Status weights = CheckWeights(model); !weights.ok())
    return weights.error().Within("'" + path.string() + "'");
  return model;
}

Result<ir::Model> OpenOnnxModel(const std::filesystem::path& path) {
  if (FormatOf(path) == Format::kTflite)
    return UsageError("'" + path.string() + "' is a TFLite model; this command takes ONNX",
                      "'edgeopt convert' makes ONNX of it; 'optimize' takes it as it is");
  return OpenModel(path);
}

Status CheckWeights(const ir::Model& model) { return CheckGraphWeights(model.graph); }

}  // namespace edgeopt::pipeline
