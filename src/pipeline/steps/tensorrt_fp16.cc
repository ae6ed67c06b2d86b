// Step "tensorrt-fp16": ONNX for TensorRT with 16-bit floats inside, float inputs and outputs.
#include "pipeline/tensorrt_step.h"

namespace edgeopt::pipeline::steps {

StepKind tensorrt_fp16() {
  return {"tensorrt-fp16", "ONNX for TensorRT, 16-bit floats inside", false, false,
          [](StepInput input) -> Result<StepOutput> {
            // A quantized model keeps its scales.
            const std::string precision = input.record.Find(input.step.input)->precision;
            EDGEOPT_TRY(StepOutput output, TensorRtStep(std::move(input), "fp16"));
            output.precision = precision == "int8" ? precision : "float16";
            output.suffix = "tensorrt_fp16";
            return output;
          }};
}

}  // namespace edgeopt::pipeline::steps
