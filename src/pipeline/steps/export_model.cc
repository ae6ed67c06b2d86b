// Step "export-model": a framework's model as the file that edgeopt reads, which pre-flight
// exported and verified (pipeline/import_source.h). Everything else is made of it.
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/facts.h"
#include "pipeline/open_model.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline::steps {
namespace {

Result<StepOutput> ExportModel(StepInput input) {
  if (!input.record.imported) return BadInput("the run's source is not of a framework");
  const report::Imported& imported = *input.record.imported;
  StepOutput output;
  if (FormatOf(input.file) == Format::kTflite) {
    EDGEOPT_TRY(formats::tflite::File file, formats::tflite::ReadTflite(input.file));
    output.tflite = std::make_shared<const formats::tflite::File>(std::move(file));
  } else {
    EDGEOPT_TRY(output.model, formats::ReadOnnx(input.file));
  }
  EDGEOPT_TRY(const ModelFacts facts, FactsFromJson(input.record.model_facts));
  output.suffix = "exported";
  output.precision = facts.quantized ? "int8" : facts.float16 ? "float16" : "float32";
  output.parameters = {{"way", imported.way}};
  output.details = {{"attempts", imported.attempts}, {"verified", imported.verified}};
  return output;
}

}  // namespace

StepKind export_model() {
  StepKind kind{"export-model", "the framework's model as ONNX or TFLite"};
  kind.make = ExportModel;
  kind.takes_file = true;
  return kind;
}

}  // namespace edgeopt::pipeline::steps
