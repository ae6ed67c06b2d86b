#include "measure/onnx_facts.h"

#include <algorithm>

#include "base/hash.h"
#include "formats/onnx/onnx.h"

namespace edgeopt::measure {
namespace {

using runtimes::TensorSpec;

Result<std::vector<TensorSpec>> SpecsOf(const ir::Graph& graph,
                                        const std::vector<ir::ValueId>& ids) {
  std::vector<TensorSpec> specs;
  for (const ir::ValueId id : ids) {
    const ir::Value& value = graph.value(id);
    if (value.initializer) continue;  // a default, which TensorRT takes for a constant
    if (!value.type.is_tensor() || !value.type.shape)
      return Unsupported("'" + value.name + "' is " + ir::ToString(value.type) +
                             "; TensorRT takes and gives tensors of known rank",
                         "export the model with shapes");
    TensorSpec spec{value.name, value.type.element, {}, {}};
    for (const ir::Dim& dim : *value.type.shape) {
      spec.dims.push_back(dim.value.value_or(-1));
      spec.symbols.push_back(dim.symbol);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

bool HoldsFloat16(const ir::Graph& graph) {
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ir::ValueId id{static_cast<int32_t>(i)};
    if (graph.alive(id) && graph.value(id).type.element == ir::DataType::kFloat16) return true;
  }
  return false;
}

bool IsDequantizedValue(const ir::Graph& graph, ir::ValueId value) {
  return graph.ProducerIf(value, "DequantizeLinear") != nullptr;
}

bool IsQuantizedAgain(const ir::Graph& graph, ir::ValueId value) {
  const auto& uses = graph.uses(value);
  return !graph.IsOutput(value) && !uses.empty() &&
         std::all_of(uses.begin(), uses.end(),
                     [&](const ir::Use& use) { return graph.node(use.node).Is("QuantizeLinear"); });
}

bool IsMeantInt8(const ir::Graph& graph, const ir::Node& node) {
  if (node.inputs.empty()) return false;
  if (node.Is("Conv") || node.Is("ConvTranspose") || node.Is("Gemm") || node.Is("MatMul"))
    return IsDequantizedValue(graph, node.input(0)) && IsDequantizedValue(graph, node.input(1));
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ir::ValueId id) { return IsDequantizedValue(graph, id); }) &&
         std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](ir::ValueId id) { return id.valid() && IsQuantizedAgain(graph, id); });
}

// Of the file, or, with external data, of all the hashes and names.
Result<std::string> HashOf(const std::filesystem::path& path) {
  EDGEOPT_TRY(const std::string own, Sha256File(path));
  EDGEOPT_TRY(const auto files, formats::ExternalFiles(path));
  if (files.empty()) return own;
  std::string text = own;
  for (const std::filesystem::path& file : files) {
    EDGEOPT_TRY(const std::string hash, Sha256File(path.parent_path() / file));
    text += "\n" + hash + " " + file.string();
  }
  return Sha256Hex(std::as_bytes(std::span(text)));
}

}  // namespace

Result<runtimes::ModelFacts> OnnxFacts(const std::filesystem::path& path) {
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(path));
  // Where a Cast makes float16, the file need not say so.
  EDGEOPT_CHECK_OK(formats::InferTypes(model));
  const ir::Graph& graph = model.graph;
  runtimes::ModelFacts facts;
  EDGEOPT_TRY(facts.inputs, SpecsOf(graph, graph.inputs()));
  EDGEOPT_TRY(facts.outputs, SpecsOf(graph, graph.outputs()));
  facts.float16 = HoldsFloat16(graph);
  for (const ir::NodeId id : graph.nodes()) {
    const ir::Node& node = graph.node(id);
    const bool converts = node.Is("QuantizeLinear") || node.Is("DequantizeLinear");
    facts.int8 = facts.int8 || converts;
    if (!converts && !node.name.empty() && IsMeantInt8(graph, node))
      facts.int8_nodes.push_back(node.name);
  }
  EDGEOPT_TRY(facts.sha256, HashOf(path));
  return facts;
}

}  // namespace edgeopt::measure
