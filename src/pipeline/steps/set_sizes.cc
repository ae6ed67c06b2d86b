// Step "set-sizes": the original at the input sizes that the user asked for, which pre-flight made
// and verified (pipeline/resize_source.h). Everything else is made of it.
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/facts.h"
#include "pipeline/open_model.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline::steps {
namespace {

Result<StepOutput> AtAskedSizes(StepInput input) {
  if (!input.record.resized) return BadInput("no other sizes were asked for");
  const report::Resized& resized = *input.record.resized;
  StepOutput output;
  if (FormatOf(input.file) == Format::kTflite) {
    EDGEOPT_TRY(formats::tflite::File file, formats::tflite::ReadTflite(input.file));
    output.tflite = std::make_shared<const formats::tflite::File>(std::move(file));
  } else {
    EDGEOPT_TRY(output.model, formats::ReadOnnx(input.file));
  }
  EDGEOPT_TRY(const ModelFacts facts, FactsFromJson(input.record.model_facts));
  output.suffix = "sized";
  output.precision = facts.quantized ? "int8" : facts.float16 ? "float16" : "float32";
  output.parameters = {{"asked", resized.asked}, {"inputs", resized.inputs}};
  output.details = {{"nodes", resized.nodes}, {"verified", resized.verified}};
  return output;
}

}  // namespace

StepKind set_sizes() {
  StepKind kind{"set-sizes", "the model at the input sizes that were asked for"};
  kind.make = AtAskedSizes;
  kind.takes_file = true;
  return kind;
}

}  // namespace edgeopt::pipeline::steps
