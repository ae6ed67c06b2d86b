// Step "dynamic-int8": int8 weights of matrix products, activations quantized at run time.
#include "pipeline/quantize_step.h"

namespace edgeopt::pipeline::steps {

StepKind dynamic_int8() {
  return {"dynamic-int8", "int8 weights; activations quantized at run time", false, true,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, QuantizeStep(std::move(input), "dynamic-int8"));
            output.precision = "int8";
            output.suffix = "int8_dynamic";
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
