// What the quantizing kinds of steps have in common.
#pragma once

#include <string>

#include "pipeline/quantize.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline {

// The step's parameters (calibrator, samples, exclude) with the machine's defaults. BadInput for
// parameters of another type.
Result<QuantizeOptions> QuantizeOptionsOf(const report::Record& record, const report::Step& step,
                                          const std::string& precision);
// What was asked for, and what the automatic choices came to, by the quantizer's account.
nlohmann::json QuantizationInForce(const QuantizeOptions& options, const nlohmann::json& report);

// Quantizes the input at `precision` with the step's parameters (calibrator, samples, exclude) on
// the run's calibration data. `suffix` of the result is left empty.
Result<StepOutput> QuantizeStep(StepInput input, const std::string& precision);

}  // namespace edgeopt::pipeline
