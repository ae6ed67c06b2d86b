// Step "static-int8": int8 weights and activations, ranges from calibration data.
#include "pipeline/quantize_step.h"

namespace edgeopt::pipeline::steps {

StepKind static_int8() {
  return {"static-int8", "int8 weights and activations, by calibration", true, true,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, QuantizeStep(std::move(input), "int8"));
            output.precision = "int8";
            output.suffix = "int8_static_" + output.parameters.value("calibrator", "");
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
