// What the steps that make ONNX files for TensorRT have in common.
#pragma once

#include <string>

#include "pipeline/step_kind.h"

namespace edgeopt::pipeline {

// Simplifies the input, then makes the form that every release from TensorRT 8.6 on takes
// (docs/tensorrt.md): float16 by types in the graph ("fp16"), or Q/DQ by the rule set "tensorrt"
// with the rest in float16 ("int8"); the parts of it that are quantized already keep their scales.
// Inputs and outputs keep their types. The result was run in ONNX Runtime, which computes int8 in
// float there; how close it comes to the float model is in the details ("fidelity"; of the
// conversion to float16 alone in "float16"). What the step excludes from int8 is float16. `suffix`
// of the result is left empty.
Result<StepOutput> TensorRtStep(StepInput input, const std::string& precision);

}  // namespace edgeopt::pipeline
