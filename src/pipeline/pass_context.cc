#include "pipeline/pass_context.h"

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {

passes::Context PassContext(runtimes::Runtime& runtime) {
  passes::Context context;
  context.evaluate = [&runtime](const ir::Model& model) -> Result<std::vector<ir::Tensor>> {
    EDGEOPT_TRY(const std::string bytes, formats::SerializeOnnx(model));
    return runtimes::Evaluate(runtime, std::as_bytes(std::span(bytes)));
  };
  context.infer_types = formats::InferTypes;
  context.inline_functions = formats::InlineFunctions;
  return context;
}

}  // namespace edgeopt::pipeline
