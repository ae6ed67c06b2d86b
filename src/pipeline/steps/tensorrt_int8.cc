// Step "tensorrt-int8": ONNX for TensorRT with Q/DQ by calibration, the rest in 16-bit floats.
#include "pipeline/tensorrt_step.h"

namespace edgeopt::pipeline::steps {

StepKind tensorrt_int8() {
  return {"tensorrt-int8", "ONNX for TensorRT, int8 by Q/DQ, the rest in 16-bit floats", true, true,
          [](StepInput input) -> Result<StepOutput> {
            EDGEOPT_TRY(StepOutput output, TensorRtStep(std::move(input), "int8"));
            output.precision = "int8";
            output.suffix = "tensorrt_int8_" + output.parameters.value("calibrator", "");
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
