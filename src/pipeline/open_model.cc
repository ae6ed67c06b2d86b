#include "pipeline/open_model.h"

#include <algorithm>
#include <cmath>

#include "formats/onnx/onnx.h"

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

Result<ir::Model> OpenModel(const std::filesystem::path& path) {
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(path));
  if (const Status weights = CheckWeights(model); !weights.ok())
    return weights.error().Within("'" + path.string() + "'");
  return model;
}

Status CheckWeights(const ir::Model& model) { return CheckGraphWeights(model.graph); }

}  // namespace edgeopt::pipeline
