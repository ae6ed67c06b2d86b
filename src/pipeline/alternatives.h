// What can be done about a variant below the accuracy floor, as commands ready to run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// In order of what usually helps; only what exists for this step. `work` is the run's folder as the
// user would type it. Suggestion::estimate holds the command.
std::vector<report::Suggestion> Alternatives(const report::Record& record,
                                             const report::Step& violation,
                                             const std::string& work);

// First and last weighty operator in int8, by the step's own account: where quantization errors
// usually hurt most. Empty when it names none.
std::vector<std::string> FirstAndLastInt8(const report::Step& violation);

// What `edgeopt resume` was asked to try instead of the violating step.
struct Retry {
  std::string calibrator, precision;  // empty: as before
  std::optional<int64_t> samples;
  std::vector<std::string> exclude;  // added to what is excluded already
  bool mixed = false;                // with the layers that harm the outputs most in float
  bool empty() const {
    return calibrator.empty() && precision.empty() && !samples && exclude.empty() && !mixed;
  }
};
// The step to try. Usage error for a precision, or a parameter that the kind of step does not have.
Result<report::Step> MakeRetry(const report::Record& record, const report::Step& violation,
                               const Retry& retry);

// In single quotes unless the shell takes it as it is.
std::string ShellQuoted(const std::string& word);

}  // namespace edgeopt::pipeline
