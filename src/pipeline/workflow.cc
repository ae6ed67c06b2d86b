#include "pipeline/workflow.h"

#include "pipeline/decide.h"
#include "pipeline/plan.h"
#include "pipeline/shipping.h"
#include "report/text.h"

namespace edgeopt::pipeline {

using report::Decision;
using report::Record;
using report::Step;

namespace {

// Errors of one variant (it can't be made, it crashes the runtime, its outputs are NaN) make a
// failed step; the run goes on. These ones are about the whole run.
bool EndsTheRun(const Error& error) {
  return error.code == ErrorCode::kInterrupted || error.code == ErrorCode::kInternal ||
         error.environment;
}

class Engine {
 public:
  Engine(State& state, const World& world, Sink& sink, const CancelToken* cancel)
      : state_(state), record_(state.record), world_(world), sink_(sink), cancel_(cancel) {}

  Result<Ending> Run() {
    EDGEOPT_CHECK_OK(CheckOriginal());
    if (record_.steps.empty()) EDGEOPT_CHECK_OK(Begin());
    while (true) {
      EDGEOPT_CHECK_OK(CheckCancelled());
      if (record_.steps.back().decision == Decision::kPending) {
        EDGEOPT_CHECK_OK(Continue(record_.steps.back()));
      } else if (OpenViolation(state_) != nullptr) {
        return Ending::kViolation;
      } else {
        EDGEOPT_TRY(auto next, NextStep(record_));
        if (!next) return Finish();
        sink_.Note("step '" + next->id + "' on '" + next->input + "'");
        record_.steps.push_back(std::move(*next));
        EDGEOPT_CHECK_OK(Save(Phase::kOptimize, "make '" + record_.steps.back().id + "'"));
      }
    }
  }

 private:
  Status CheckCancelled() const {
    return cancel_ != nullptr && cancel_->cancelled() ? Status(Interrupted()) : OkStatus();
  }

  Status Save(Phase phase, std::string next) {
    state_.phase = phase;
    state_.next_action = std::move(next);
    return world_.save(state_);
  }

  Status CheckOriginal() {
    EDGEOPT_TRY(const std::string hash, world_.hash_original(record_));
    if (hash != record_.model_sha256)
      return BadInput("the original '" + record_.model_path + "' has changed since the run began",
                      "restore it, or start a new run with another --work folder");
    return OkStatus();
  }

  Status Begin() {
    record_.started_at = world_.now();
    EDGEOPT_TRY(record_.model_facts, world_.inspect(record_));
    Step baseline;
    baseline.id = baseline.kind = "baseline";
    baseline.parameters = nlohmann::json::object();
    baseline.output = record_.model_path;
    baseline.sha256 = record_.model_sha256;
    baseline.size_bytes = record_.model_size_bytes;
    if (IsMeasuredInFramework(record_)) {
      baseline.framework = record_.imported->framework;
    } else if (record_.imported) {
      baseline.output = record_.imported->model;
      baseline.sha256 = record_.imported->sha256;
      baseline.size_bytes = record_.imported->size_bytes;
      record_.warnings.push_back(
          "the baseline is the exported model: " + record_.imported->framework +
          " is not measured on '" + record_.measuring.host + "'");
    } else if (record_.resized && !record_.resized->original_takes_them) {
      baseline.output = record_.resized->model;
      baseline.sha256 = record_.resized->sha256;
      baseline.size_bytes = record_.resized->size_bytes;
      record_.warnings.push_back("the baseline is the model with " + record_.resized->asked +
                                 ": the original does not run at these sizes");
    }
    baseline.precision = record_.model_facts.value("quantized", false) ? "int8"
                         : record_.model_facts.value("float16", false) ? "float16"
                                                                       : "float32";
    record_.steps.push_back(std::move(baseline));
    state_.last_action = "inspected the original";
    return Save(Phase::kProfile, "measure the baseline");
  }

  // One stage of a step, timed; what it did is saved before the next begins.
  Status Continue(Step& step) {
    const bool is_baseline = &step == record_.baseline();
    const double start = world_.seconds();
    Status done;
    std::string stage;
    if (step.output.empty()) {
      stage = "make";
      done = Make(step);
    } else if (!step.latency) {
      stage = "measure";
      done = Measure(step, is_baseline);
    } else if (!step.accuracy) {
      stage = "validate";
      done = Validate(step);
    } else {
      return DecideOn(step, is_baseline);
    }
    EDGEOPT_CHECK_OK(CheckCancelled());
    if (!done.ok()) {
      if (is_baseline || EndsTheRun(done.error())) return done;
      return Fail(step, stage, done.error());
    }
    step.wall_s[stage] = world_.seconds() - start;
    if (stage == "make") return Save(Phase::kBenchmark, "measure '" + step.id + "'");
    if (stage == "measure")
      return Save(is_baseline ? Phase::kProfile : Phase::kValidate, "validate '" + step.id + "'");
    return DecideOn(step, is_baseline);
  }

  Status Make(Step& step) {
    EDGEOPT_TRY(Made made, world_.make(record_, step));
    step.output = std::move(made.output);
    step.sha256 = std::move(made.sha256);
    step.size_bytes = made.size_bytes;
    step.precision = std::move(made.precision);
    step.parameters = std::move(made.parameters);
    step.details = std::move(made.details);
    step.files = std::move(made.files);
    AddWarnings(step, made.warnings);
    state_.last_action = "made '" + step.id + "'";
    return OkStatus();
  }

  Status Measure(Step& step, bool is_baseline) {
    const Step* best = is_baseline ? nullptr : record_.best();
    EDGEOPT_TRY(Measured measured, world_.measure(record_, step, best));
    if (!is_baseline && (!measured.vs_baseline || !measured.vs_best))
      return Internal("a variant was measured without its baseline");
    step.latency = measured.latency;
    step.vs_baseline = measured.vs_baseline;
    step.vs_best = measured.vs_best;
    step.baseline_alongside = measured.baseline_alongside;
    if (best != nullptr) step.best_before = best->id;
    step.measured_under = {{"machine", measured.machine},
                           {"settings", measured.settings},
                           {"conditions", measured.conditions}};
    if (!measured.machine.is_null()) record_.machine = std::move(measured.machine);
    AddWarnings(step, measured.warnings);
    if (!is_baseline) WarnOfAnotherMachine(step);
    state_.last_action =
        "measured '" + step.id + "': p50 " + report::Number(step.latency->p50_ms) + " ms";
    return OkStatus();
  }

  // A run may be resumed elsewhere. Speed-ups survive that, being timed in turns; latencies don't.
  void WarnOfAnotherMachine(Step& step) const {
    const auto cpu = [](const Step& measured) {
      const nlohmann::json& under = measured.measured_under;
      const nlohmann::json machine =
          under.is_object() ? under.value("machine", nlohmann::json()) : nlohmann::json();
      return machine.is_object() ? machine.value("cpu_model", "") : "";
    };
    const std::string before = cpu(*record_.baseline());
    const std::string now = cpu(step);
    if (!before.empty() && !now.empty() && before != now)
      step.warnings.push_back("measured on " + now + ", the baseline on " + before +
                              ": compare speed-ups, not latencies; a new run would measure both "
                              "here");
  }

  Status Validate(Step& step) {
    EDGEOPT_TRY(Validated validated, world_.validate(record_, step));
    step.accuracy = std::move(validated.accuracy);
    AddWarnings(step, validated.warnings);
    state_.last_action = "validated '" + step.id + "': " + record_.metric + " " +
                         report::Score(step.accuracy->value);
    return OkStatus();
  }

  Status DecideOn(Step& step, bool is_baseline) {
    if (is_baseline) {
      step.decision = Decision::kKept;
      step.reason = "the baseline";
    } else {
      const Verdict verdict = Decide(record_, step);
      step.decision = verdict.decision;
      step.reason = verdict.reason;
    }
    sink_.Note("'" + step.id + "' " + std::string(Name(step.decision)) + ": " + step.reason);
    if (!is_baseline)
      state_.last_action = std::string(Name(step.decision)) + " '" + step.id + "': " + step.reason;
    if (OpenViolation(state_) != nullptr) {
      state_.blockers = "'" + step.id + "' is below the accuracy floor";
      return Save(Phase::kValidate,
                  "decide: 'edgeopt accept' or 'edgeopt resume' with an alternative");
    }
    return Save(Phase::kOptimize, "choose the next step");
  }

  Status Fail(Step& step, const std::string& stage, const Error& error) {
    step.decision = Decision::kFailed;
    step.reason = "could not " + stage + " it: " + error.ToString();
    state_.last_action = "failed to " + stage + " '" + step.id + "'";
    sink_.Warn("step '" + step.id + "' failed: " + step.reason);
    return Save(Phase::kOptimize, "choose the next step");
  }

  void AddWarnings(Step& step, const std::vector<std::string>& warnings) {
    step.warnings.insert(step.warnings.end(), warnings.begin(), warnings.end());
  }

  Status TellWhatWasNotTried() {
    EDGEOPT_TRY(const auto plan, MakePlan(record_));
    for (const PlannedStep& planned : plan)
      if (!planned.applies)
        record_.not_tried[planned.kind] = planned.why;
      else if (!Tried(record_, planned.kind))
        record_.not_tried[planned.kind] = "the latency target was met without it";
    return OkStatus();
  }

  // What was kept as a basis for others, or for its size, may still be slower than the original by
  // less than counts on the way. It is not what ships.
  void DropWhatIsSlower() {
    if (!Ships(record_, *record_.baseline())) return;  // the original can't ship instead
    for (auto step = record_.steps.rbegin(); step != record_.steps.rend(); ++step) {
      if (!step->in_force()) continue;
      if (!step->vs_baseline || step->vs_baseline->interval.high >= 1) return;
      step->decision = Decision::kReverted;
      step->reason += "; not shipped: slower than the original, if by little (speed-up " +
                      report::Range(step->vs_baseline->interval) + ")";
      sink_.Note("'" + step->id + "' reverted: " + step->reason);
    }
  }

  // What ships, under load for as long as the user wants to see it. A model that does not stand it
  // is a finding, not the run's end.
  Status Sustain() {
    const Step& best = *record_.best();
    if (record_.measuring.sustained_s <= 0) return OkStatus();
    if (record_.sustained && record_.sustained->step == best.id) return OkStatus();
    sink_.Note("'" + best.id + "' under load for " + report::Number(record_.measuring.sustained_s) +
               " s");
    auto sustained = world_.sustain(record_);
    EDGEOPT_CHECK_OK(CheckCancelled());
    if (!sustained.ok()) {
      if (EndsTheRun(sustained.error())) return sustained.error();
      report::Sustained failed;
      failed.step = best.id;
      failed.problem = sustained.error().ToString();
      record_.warnings.push_back("sustained load: " + failed.problem);
      sustained = std::move(failed);
    }
    record_.sustained = std::move(*sustained);
    WarnOfSustained(*record_.sustained);
    state_.last_action = "put '" + best.id + "' under sustained load";
    return Save(Phase::kBenchmark, "package '" + best.id + "'");
  }

  void WarnOfSustained(const report::Sustained& load) {
    if (!load.measured()) return;
    for (const std::string& reason : load.throttled)
      record_.warnings.push_back("throttled under sustained load: " + reason);
    if (record_.latency_target_ms && load.steady_p50_ms > *record_.latency_target_ms)
      record_.warnings.push_back("under sustained load p50 settles at " +
                                 report::Number(load.steady_p50_ms) + " ms, above the target of " +
                                 report::Number(*record_.latency_target_ms) + " ms");
  }

  Result<Ending> Finish() {
    EDGEOPT_CHECK_OK(TellWhatWasNotTried());
    if (record_.finished_at.empty()) DropWhatIsSlower();
    EDGEOPT_CHECK_OK(CheckShips(record_));
    if (TargetMissed(record_)) return MissTarget();
    record_.original_unchanged = true;  // checked when this run of the program began, and below
    if (record_.finished_at.empty()) {
      EDGEOPT_CHECK_OK(Sustain());
      EDGEOPT_CHECK_OK(CheckOriginal());
      record_.finished_at = world_.now();
      EDGEOPT_CHECK_OK(Save(Phase::kPackage, "package '" + record_.best()->id + "'"));
    }
    if (!state_.finished) {
      EDGEOPT_TRY(const Packaged packaged, world_.package(record_));
      EDGEOPT_CHECK_OK(CheckOriginal());
      state_.package_folder = packaged.folder;
      state_.package_archive = packaged.archive;
      state_.finished = true;
      state_.last_action = "packaged '" + record_.best()->id + "'";
      EDGEOPT_CHECK_OK(Save(Phase::kPackage, "none"));
    }
    return Ending::kPackaged;
  }

  Result<Ending> MissTarget() {
    if (!record_.bottleneck) {
      EDGEOPT_TRY(record_.bottleneck, world_.find_bottleneck(record_));
      EDGEOPT_CHECK_OK(CheckCancelled());
      EDGEOPT_CHECK_OK(CheckOriginal());
      record_.original_unchanged = true;
      record_.finished_at = world_.now();
      state_.last_action = "looked for the bottleneck of '" + record_.best()->id + "'";
      state_.blockers = "the latency target of " + report::Number(*record_.latency_target_ms) +
                        " ms is not met; the best is " +
                        report::Number(record_.best()->latency->p50_ms) + " ms";
      state_.finished = true;
      EDGEOPT_CHECK_OK(Save(Phase::kBenchmark, "see the report for what to try"));
    }
    return Ending::kTargetMissed;
  }

  State& state_;
  Record& record_;
  const World& world_;
  Sink& sink_;
  const CancelToken* cancel_;
};

Step* MutableViolation(State& state) {
  const Step* open = OpenViolation(state);
  for (Step& step : state.record.steps)
    if (&step == open) return &step;
  return nullptr;
}

void Unblock(State& state, std::string last_action) {
  state.blockers = "none";
  state.last_action = std::move(last_action);
  state.next_action = "choose the next step";
  state.phase = Phase::kOptimize;
}

}  // namespace

Result<Ending> RunWorkflow(State& state, const World& world, Sink& sink,
                           const CancelToken* cancel) {
  return Engine(state, world, sink, cancel).Run();
}

const Step* OpenViolation(const State& state) {
  const Record& record = state.record;
  if (record.policy == "continue" || record.steps.empty()) return nullptr;
  const Step& last = record.steps.back();
  return last.decision == Decision::kViolated ? &last : nullptr;
}

Status Accept(State& state, const std::string& step_id, const std::string& reason) {
  Step* open = MutableViolation(state);
  if (open == nullptr)
    return UsageError("the run did not stop at a violation; there is nothing to accept",
                      "'edgeopt status' shows where it is");
  if (open->id != step_id)
    return UsageError("the run stopped at step '" + open->id + "', not at '" + step_id + "'");
  if (reason.empty())
    return UsageError("an accepted violation needs a reason", "add --reason TEXT");
  open->decision = Decision::kAccepted;
  open->accepted_because = reason;
  Unblock(state, "accepted '" + open->id + "': " + reason);
  return OkStatus();
}

Status Revert(State& state, std::optional<Step> retry) {
  Step* open = MutableViolation(state);
  if (open == nullptr)
    return UsageError("the run did not stop at a violation; there is nothing to replace",
                      "'edgeopt status' shows where it is");
  open->decision = Decision::kReverted;
  Unblock(state, "reverted '" + open->id + "'");
  if (retry) {
    state.next_action = "make '" + retry->id + "'";
    state.record.steps.push_back(std::move(*retry));
  }
  return OkStatus();
}

}  // namespace edgeopt::pipeline
