// Step "tflite-fp32": TFLite with 32-bit floats.
#include "pipeline/tflite_step.h"

namespace edgeopt::pipeline::steps {

StepKind tflite_fp32() {
  return {"tflite-fp32", "TFLite with 32-bit floats", false, false,
          [](StepInput input) -> Result<StepOutput> {
            // A quantized model keeps its scales, a half-precision one its values.
            const std::string precision = input.record.Find(input.step.input)->precision;
            EDGEOPT_TRY(StepOutput output, TfliteStep(std::move(input), "fp32"));
            output.precision = precision == "int8" ? precision : "float32";
            output.suffix = output.precision;
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
