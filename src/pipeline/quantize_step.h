// What the quantizing kinds of steps have in common.
#pragma once

#include <string>

#include "pipeline/quantize.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline {

// Quantizes the input at `precision` with the step's parameters (calibrator, samples, exclude) on
// the run's calibration data. `suffix` of the result is left empty.
Result<StepOutput> QuantizeStep(StepInput input, const std::string& precision);

}  // namespace edgeopt::pipeline
