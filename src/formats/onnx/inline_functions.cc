// InlineFunctions: ONNX's inliner on a model without its heavy weights.
#include <exception>

#include "formats/onnx/message.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/inliner/inliner.h"

namespace edgeopt::formats {

Result<ir::Model> InlineFunctions(const ir::Model& model) {
  if (model.functions.empty()) return model;
  internal::Shell shell;
  onnx::ModelProto proto = internal::ToProto(model, {.fill = shell.Filler()});
  try {
    onnx::inliner::InlineLocalFunctions(proto, /*convert_version=*/true);
  } catch (const std::exception& error) {
    return Unsupported("ONNX's inliner can't inline the model's functions: " +
                       internal::Message(error.what()));
  }
  return internal::FromProto(proto, shell.Lookup());
}

}  // namespace edgeopt::formats
