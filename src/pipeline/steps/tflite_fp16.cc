// Step "tflite-fp16": TFLite with weights of 16-bit floats; computes in 32 bits.
#include "pipeline/tflite_step.h"

namespace edgeopt::pipeline::steps {

StepKind tflite_fp16() {
  return {"tflite-fp16", "TFLite with weights of 16-bit floats; computes in 32 bits", false, false,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, TfliteStep(std::move(input), "fp16"));
            output.precision = "float16";
            output.suffix = "float16";
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
