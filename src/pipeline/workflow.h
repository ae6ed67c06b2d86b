// The workflow's engine: one change at a time, each made, measured, validated and decided, with the
// state saved after each of these. What happens in between is handed in as a World, so that kills,
// violations and resumption are tested without models.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "pipeline/state.h"

namespace edgeopt::pipeline {

// A variant as it was written.
struct Made {
  std::string output;  // as Step::output
  std::string sha256;
  int64_t size_bytes = 0;
  std::string precision;
  nlohmann::json parameters;  // in force, defaults and automatic choices included
  nlohmann::json details;
  std::map<std::string, std::string> files;
  std::vector<std::string> warnings;
};

struct Measured {
  report::Latency latency;
  std::optional<report::Speedup> vs_baseline, vs_best;  // of a variant
  std::optional<report::Latency> baseline_alongside;    // of a variant
  nlohmann::json machine, settings, conditions;         // as Step::measured_under
  std::vector<std::string> warnings;
};

struct Validated {
  report::Accuracy accuracy;
  std::vector<std::string> warnings;
};

struct Packaged {
  std::string folder, archive;
};

// What the engine does not do itself. Each call may be repeated after a kill with the same record;
// what an unfinished call left behind must not hinder it.
struct World {
  std::function<std::string()> now;  // UTC, ISO 8601
  std::function<double()> seconds;   // monotonic
  // Facts of the original, and its hash as it is on disk now.
  std::function<Result<nlohmann::json>(const report::Record&)> inspect;
  std::function<Result<std::string>(const report::Record&)> hash_original;
  std::function<Result<Made>(const report::Record&, const report::Step&)> make;
  // `best` is null for the baseline itself.
  std::function<Result<Measured>(const report::Record&, const report::Step&,
                                 const report::Step* best)>
      measure;
  std::function<Result<Validated>(const report::Record&, const report::Step&)> validate;
  std::function<Result<report::Bottleneck>(const report::Record&)> find_bottleneck;
  // The best step under sustained load, for record.measuring.sustained_s.
  std::function<Result<report::Sustained>(const report::Record&)> sustain;
  std::function<Result<Packaged>(const report::Record&)> package;
  std::function<Status(const State&)> save;
};

enum class Ending {
  kPackaged,      // the best variant (or the original, if none was better) is packaged
  kViolation,     // a variant is below the floor; the user decides
  kTargetMissed,  // the latency target is not met by anything
};

// Runs from wherever the state is to an ending. Errors: Interrupted; kGateFailed never; BadInput
// when the original can't be measured or validated, or has changed; kUnavailable when the state
// can't be saved. The state on disk can be resumed after every one of them.
Result<Ending> RunWorkflow(State& state, const World& world, Sink& sink, const CancelToken* cancel);

// The violation that the run stopped at, or nullptr.
const report::Step* OpenViolation(const State& state);

// `edgeopt accept`: the violating step counts as kept, for the user's reason. Usage error when the
// run did not stop at that step.
Status Accept(State& state, const std::string& step_id, const std::string& reason);
// Gives the violating step up; with `retry`, a step that is tried instead. Usage error when the run
// did not stop at a violation.
Status Revert(State& state, std::optional<report::Step> retry);

}  // namespace edgeopt::pipeline
