// Step "tensorrt-mixed": as tensorrt-int8, with the layers that the step excludes in 16-bit floats.
#include "pipeline/tensorrt_step.h"

namespace edgeopt::pipeline::steps {

StepKind tensorrt_mixed() {
  return {"tensorrt-mixed", "ONNX for TensorRT, int8 with some layers in 16-bit floats", true, true,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, TensorRtStep(std::move(input), "int8"));
            output.precision = "int8";
            output.suffix = "tensorrt_mixed_" + output.parameters.value("calibrator", "");
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
