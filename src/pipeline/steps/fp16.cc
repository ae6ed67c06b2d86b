// Step "fp16": 16-bit floats inside, float inputs and outputs.
#include "pipeline/quantize_step.h"

namespace edgeopt::pipeline::steps {

StepKind fp16() {
  return {"fp16", "16-bit floats inside, float inputs and outputs", false, false,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, QuantizeStep(std::move(input), "fp16"));
            output.precision = "float16";
            output.suffix = "fp16";
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
