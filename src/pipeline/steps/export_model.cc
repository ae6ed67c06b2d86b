// Step "export-model": a framework's model as the file that edgeopt reads, which pre-flight
// exported and verified (pipeline/import_source.h). Everything else is made of it.
#include "pipeline/made_file_step.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline::steps {
namespace {

Result<StepOutput> ExportModel(StepInput input) {
  if (!input.record.imported) return BadInput("the run's source is not of a framework");
  const report::Imported& imported = *input.record.imported;
  EDGEOPT_TRY(StepOutput output, MadeInPreflight(input));
  output.suffix = "exported";
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
