// Step "tflite-int8": TFLite with int8 weights and activations, by calibration.
#include "pipeline/tflite_step.h"

namespace edgeopt::pipeline::steps {

StepKind tflite_int8() {
  return {"tflite-int8", "TFLite with int8 weights and activations, by calibration", true, true,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, TfliteStep(std::move(input), "int8"));
            output.precision = "int8";
            output.suffix = "int8_static_" + output.parameters.value("calibrator", "");
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
