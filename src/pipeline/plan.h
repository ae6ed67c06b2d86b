// The decision tree of a device: which variants are tried, in which order, and why. Pure: it looks
// at the record alone, so the next step after a restart is the same as without one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// One branch of the tree, for --dry-run and for the record.
struct PlannedStep {
  std::string kind;           // of a step: "simplify", "static-int8", "tensorrt-fp16"
  nlohmann::json parameters;  // an object
  bool applies = false;
  std::string why;  // why it is tried, or why it is not
};

// All branches in order, whether they apply or not; the format that ships has the plan. Unsupported
// for a format without one.
// Without model facts (not inspected yet) branches that depend on them apply.
Result<std::vector<PlannedStep>> MakePlan(const report::Record& record);

// The next variant to try, with its id, input and parameters; nullopt when nothing is left or the
// latency target is met. Requires that every step so far is decided and the baseline is measured.
Result<std::optional<report::Step>> NextStep(const report::Record& record);

// A step of that kind is in the record.
bool Tried(const report::Record& record, const std::string& kind);

// The source is in a framework, which measures it: the framework is here, not on a board.
bool IsMeasuredInFramework(const report::Record& record);

// The latency target, if there is one, is met by the best so far, in a format that ships. False
// too where nothing that counts was timed.
bool TargetMet(const report::Record& record);
// It is missed: the best was timed, in what it ships for (report::HasStandIn), and is slower.
bool TargetMissed(const report::Record& record);

// A step of `kind` that follows the present ones: unique id, the input it changes.
report::Step MakeStep(const report::Record& record, const std::string& kind,
                      nlohmann::json parameters);

}  // namespace edgeopt::pipeline
