#include "pipeline/made_file_step.h"

#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/facts.h"
#include "pipeline/open_model.h"

namespace edgeopt::pipeline {

Result<StepOutput> MadeInPreflight(const StepInput& input) {
  StepOutput output;
  if (FormatOf(input.file) == Format::kTflite) {
    EDGEOPT_TRY(formats::tflite::File file, formats::tflite::ReadTflite(input.file));
    output.tflite = std::make_shared<const formats::tflite::File>(std::move(file));
  } else {
    EDGEOPT_TRY(output.model, formats::ReadOnnx(input.file));
  }
  EDGEOPT_TRY(const ModelFacts facts, FactsFromJson(input.record.model_facts));
  output.precision = facts.quantized ? "int8" : facts.float16 ? "float16" : "float32";
  return output;
}

}  // namespace edgeopt::pipeline
