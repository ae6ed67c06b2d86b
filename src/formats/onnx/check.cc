// CheckModel: ONNX's own checker and strict shape inference.
#include <exception>

#include "formats/onnx/message.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/checker.h"
#include "onnx/shape_inference/implementation.h"

namespace edgeopt::formats {
namespace {

// The checker prints a warning on standard output when it meets one of these operators, which ONNX
// took back in 2018 and no runtime knows; so it is not asked.
const onnx::NodeProto* FindExperimental(const onnx::GraphProto& graph) {
  for (const onnx::NodeProto& node : graph.node()) {
    if (onnx::checker::check_is_experimental_op(node)) return &node;
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (const auto* found = FindExperimental(attribute.g())) return found;
      for (const onnx::GraphProto& subgraph : attribute.graphs())
        if (const auto* found = FindExperimental(subgraph)) return found;
    }
  }
  return nullptr;
}

// The checker wants to see a tensor's bytes; a large one is shown as an empty tensor instead of a
// copy. ir::Tensor guarantees that its bytes fit its shape.
void FillSmall(const ir::Tensor& tensor, onnx::TensorProto& proto) {
  if (tensor.size() <= internal::Shell::kSmallElements) return internal::FillData(tensor, proto);
  proto.clear_dims();
  proto.add_dims(0);
}

Status CheckStructure(const ir::Model& model) {
  const onnx::ModelProto proto = internal::ToProto(model, {.fill = FillSmall});
  if (const auto* node = FindExperimental(proto.graph()))
    return Unsupported("node '" + node->name() + "' (" + node->op_type() +
                           ") is an experimental operator that ONNX has removed",
                       "export the model with a newer opset");
  onnx::checker::check_model(proto);
  return OkStatus();
}

void CheckTypes(const ir::Model& model) {
  internal::Shell shell;
  onnx::ModelProto proto = internal::ToProto(model, {.fill = shell.Filler()});
  const onnx::ShapeInferenceOptions options(/*check_type=*/true, /*error_mode=*/1,
                                            /*data_prop=*/false);
  onnx::shape_inference::InferShapes(proto, onnx::OpSchemaRegistry::Instance(), options);
}

}  // namespace

Status CheckModel(const ir::Model& model, CheckDepth depth) {
  try {
    EDGEOPT_CHECK_OK(CheckStructure(model));
    if (depth == CheckDepth::kTypes) CheckTypes(model);
    return OkStatus();
  } catch (const std::exception& error) {
    return BadInput("ONNX's checker refuses the model: " + internal::Message(error.what()));
  }
}

}  // namespace edgeopt::formats
