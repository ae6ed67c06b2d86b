// What the steps that make TFLite files have in common.
#pragma once

#include <string>

#include "pipeline/step_kind.h"

namespace edgeopt::pipeline {

// Converts the input at `precision` (ConvertOptions) and verifies the result in LiteRT. Inputs for
// which the data set's images are preprocessed become channels-last, and the description of the
// preprocessing comes along ("preprocessing.toml"); all others keep their order of axes. `suffix`
// of the result is left empty.
Result<StepOutput> TfliteStep(StepInput input, const std::string& precision);

}  // namespace edgeopt::pipeline
