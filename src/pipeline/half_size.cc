#include "pipeline/half_size.h"

#include <algorithm>

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {
namespace {

// What is left of an image must show something.
constexpr int64_t kSmallestSide = 8;

// The axis of the height, with the width behind it; -1 when this is no image.
int HeightAxis(const ir::Dims& dims) {
  const auto is_channels = [](int64_t n) { return n == 1 || n == 3 || n == 4; };
  if (dims.size() != 4) return -1;
  if (is_channels(dims[1])) return 2;
  if (is_channels(dims[3])) return 1;
  return -1;
}

// Types of everything that nodes make, to be inferred anew. Outputs keep their element type, which
// a model file must state.
void ForgetShapes(ir::Graph& graph) {
  for (const ir::NodeId id : graph.nodes()) {
    for (const ir::ValueId output : std::vector<ir::ValueId>(graph.node(id).outputs)) {
      if (!output.valid()) continue;
      ir::Type type = graph.value(output).type;
      if (!type.is_tensor()) continue;
      type.shape.reset();
      graph.SetType(output, graph.IsOutput(output) ? type : ir::Type());
    }
  }
}

}  // namespace

bool TakesImage(const std::vector<ir::Dims>& sample_dims) {
  return std::any_of(sample_dims.begin(), sample_dims.end(),
                     [](const ir::Dims& dims) { return HeightAxis(dims) >= 0; });
}

Result<HalfSize> AtHalfSize(const ir::Model& model, const std::vector<ir::Dims>& sample_dims) {
  HalfSize half;
  half.model = model;
  half.dims = sample_dims;
  ir::Graph& graph = half.model.graph;
  size_t position = 0;
  for (const ir::ValueId id : std::vector<ir::ValueId>(graph.inputs())) {
    const ir::Value& value = graph.value(id);
    if (value.initializer || position >= half.dims.size()) continue;
    ir::Dims& dims = half.dims[position++];
    const int axis = HeightAxis(dims);
    if (axis < 0 || !half.input.empty()) continue;
    const auto at = static_cast<size_t>(axis);
    if (dims[at] % 2 != 0 || dims[at + 1] % 2 != 0 ||
        std::min(dims[at], dims[at + 1]) < 2 * kSmallestSide)
      return Unsupported("input '" + value.name + "' of " + ir::ToString(dims) +
                         " can't be halved");
    half.input = value.name;
    half.height = dims[at] /= 2;
    half.width = dims[at + 1] /= 2;
    ir::Type type = value.type;
    if (type.shape && type.shape->size() == 4)
      for (const size_t i : {at, at + 1}) (*type.shape)[i] = ir::Dim::Of(dims[i]);
    graph.SetType(id, std::move(type));
  }
  if (half.input.empty()) return Unsupported("the model has no input that looks like an image");
  ForgetShapes(graph);
  if (const Status inferred = formats::InferTypes(half.model); !inferred.ok())
    return Unsupported("the graph fixes its input size: " + inferred.error().message);
  return half;
}

}  // namespace edgeopt::pipeline
