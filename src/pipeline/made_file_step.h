// What steps have in common whose file pre-flight made: export-model and set-sizes.
#pragma once

#include "base/result.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline {

// The step's input as its output, with the precision that pre-flight saw.
Result<StepOutput> MadeInPreflight(const StepInput& input);

}  // namespace edgeopt::pipeline
