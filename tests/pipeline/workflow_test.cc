#include "pipeline/workflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "pipeline/fake_world.h"
#include "pipeline/plan.h"

namespace edgeopt::pipeline {
namespace {

using report::Decision;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Ending> RunFake(FakeWorld& fake, State& state, const CancelToken* cancel = nullptr) {
  const World world = fake.Make();
  return RunWorkflow(state, world, SilentSink(), cancel);
}

std::vector<std::string> Decisions(const State& state) {
  std::vector<std::string> texts;
  for (const report::Step& step : state.record.steps)
    texts.push_back(step.id + " " + std::string(Name(step.decision)));
  return texts;
}

TEST(WorkflowTest, KeepsWhatIsFasterAndAccurate) {
  FakeWorld fake;
  State state = FakeWorld::NewRun();
  const auto ending = RunFake(fake, state);
  ASSERT_TRUE(ending.ok()) << ending.error().ToString();
  EXPECT_EQ(*ending, Ending::kPackaged);
  EXPECT_THAT(Decisions(state), ElementsAre("baseline kept", "simplify kept", "static-int8 kept"));
  EXPECT_THAT(fake.done,
              ElementsAre("inspect", "measure baseline", "validate baseline", "make simplify",
                          "measure simplify", "validate simplify", "make static-int8",
                          "measure static-int8", "validate static-int8", "package"));
  EXPECT_EQ(state.record.best()->id, "static-int8");
  EXPECT_EQ(state.record.Find("static-int8")->input, "simplify");
  EXPECT_TRUE(state.finished);
  EXPECT_TRUE(state.record.original_unchanged);
  EXPECT_EQ(state.package_archive, "/runs/net_package.tar.zst");
  EXPECT_EQ(ToJson(fake.Saved()), ToJson(state));
}

// What simplification uncovers counts for the plan: here, recurrent layers inside branches.
TEST(WorkflowTest, ThePlanLooksAtTheSimplifiedModel) {
  FakeWorld fake;
  fake["dynamic-int8"] = {5, 0.9, 300, {}, {}, {}};
  ModelFacts uncovered;
  uncovered.macs = uncovered.dynamic_macs = 1000;
  fake.details = {{"model_facts", ToJson(uncovered)}};
  State state = FakeWorld::NewRun();
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(state), ElementsAre("baseline kept", "simplify kept", "dynamic-int8 kept"));
}

TEST(WorkflowTest, ThePlanLooksAtTheOriginalIfSimplifyingWasReverted) {
  FakeWorld fake;
  fake["simplify"].p50_ms = 12;
  ModelFacts uncovered;
  uncovered.macs = uncovered.dynamic_macs = 1000;
  fake.details = {{"model_facts", ToJson(uncovered)}};
  State state = FakeWorld::NewRun();
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(state),
              ElementsAre("baseline kept", "simplify reverted", "static-int8 kept"));
}

TEST(WorkflowTest, AnotherMachineIsWarnedOf) {
  FakeWorld fake;
  const World inner = fake.Make();
  World world = inner;
  world.measure = [&](const report::Record& record, const report::Step& step,
                      const report::Step* best) -> Result<Measured> {
    auto measured = inner.measure(record, step, best);
    measured->machine = {{"cpu_model", step.id == "static-int8" ? "Cortex-A76" : "AMD EPYC"}};
    return measured;
  };
  State state = FakeWorld::NewRun();
  ASSERT_TRUE(RunWorkflow(state, world, SilentSink(), nullptr).ok());
  EXPECT_THAT(state.record.Find("simplify")->warnings, ElementsAre());
  EXPECT_THAT(state.record.Find("static-int8")->warnings,
              ElementsAre(HasSubstr("measured on Cortex-A76, the baseline on AMD EPYC")));
}

TEST(WorkflowTest, AVariantSlowerThanTheBaselineIsRevertedAndNeverShipped) {
  FakeWorld fake;
  fake["static-int8"].p50_ms = 12;
  State state = FakeWorld::NewRun();
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(state),
              ElementsAre("baseline kept", "simplify kept", "static-int8 reverted"));
  EXPECT_EQ(state.record.best()->id, "simplify");
  EXPECT_THAT(state.record.steps.back().reason, HasSubstr("1.20 times slower than the baseline"));
}

TEST(WorkflowTest, ASlowAndInaccurateVariantDoesNotStopTheRun) {
  FakeWorld fake;
  fake["static-int8"] = {12, 0.1, 300, {}, {}, {}};
  State state = FakeWorld::NewRun();
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_EQ(state.record.steps.back().decision, Decision::kReverted);
}

TEST(WorkflowTest, AViolationStopsAndPackagesNothing) {
  FakeWorld fake;
  fake["static-int8"].accuracy = 0.88;  // 2.2 % below 0.9
  State state = FakeWorld::NewRun();
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kViolation);
  ASSERT_NE(OpenViolation(state), nullptr);
  EXPECT_EQ(OpenViolation(state)->id, "static-int8");
  EXPECT_THAT(OpenViolation(state)->reason, HasSubstr("top1 0.8800 against 0.9000 (-2.22 %"));
  EXPECT_THAT(OpenViolation(state)->reason, HasSubstr("floor of 0.8820"));
  EXPECT_EQ(std::count(fake.done.begin(), fake.done.end(), "package"), 0);
  EXPECT_FALSE(fake.Saved().finished);
  EXPECT_THAT(StateBlock(state), HasSubstr("blockers: 'static-int8' is below the accuracy floor"));
  // Asking again changes nothing.
  const size_t before = fake.done.size();
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kViolation);
  EXPECT_EQ(fake.done.size(), before);
}

TEST(WorkflowTest, AnAcceptedViolationIsPackagedWithItsReason) {
  FakeWorld fake;
  fake["static-int8"].accuracy = 0.88;
  State state = FakeWorld::NewRun();
  ASSERT_EQ(RunFake(fake, state).value(), Ending::kViolation);
  EXPECT_FALSE(Accept(state, "simplify", "why not").ok());
  EXPECT_FALSE(Accept(state, "static-int8", "").ok());
  ASSERT_TRUE(Accept(state, "static-int8", "good enough for a toy").ok());
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_EQ(state.record.best()->id, "static-int8");
  EXPECT_EQ(state.record.best()->decision, Decision::kAccepted);
  EXPECT_EQ(state.record.best()->accepted_because, "good enough for a toy");
  EXPECT_EQ(state.blockers, "none");
  EXPECT_FALSE(Accept(state, "static-int8", "again").ok());
}

TEST(WorkflowTest, AViolationCanBeReplacedByAnAlternative) {
  FakeWorld fake;
  fake["static-int8"].accuracy = 0.88;
  fake["static-int8-2"] = {5, 0.9, 300, {}, {}, {}};
  State state = FakeWorld::NewRun();
  ASSERT_EQ(RunFake(fake, state).value(), Ending::kViolation);
  ASSERT_TRUE(
      Revert(state, MakeStep(state.record, "static-int8", {{"calibrator", "percentile"}})).ok());
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(state), ElementsAre("baseline kept", "simplify kept",
                                            "static-int8 reverted", "static-int8-2 kept"));
  EXPECT_EQ(state.record.best()->parameters["calibrator"], "percentile");
}

TEST(WorkflowTest, PolicyContinueTriesOtherCalibratorsAndNeverShipsAViolator) {
  FakeWorld fake;
  fake["static-int8"].accuracy = 0.8;
  fake.details = {{"candidates",
                   {{{"calibrator", "minmax"}, {"sqnr_db", 20.0}},
                    {{"calibrator", "entropy"}, {"sqnr_db", 25.0}},
                    {{"calibrator", "mse"}, {"sqnr_db", 24.0}}}}};
  State state = FakeWorld::NewRun();
  state.record.policy = "continue";
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(state),
              ElementsAre("baseline kept", "simplify kept", "static-int8 violated",
                          "static-int8-2 violated", "static-int8-3 violated"));
  EXPECT_EQ(state.record.steps[3].parameters["calibrator"], "entropy");
  EXPECT_EQ(state.record.steps[4].parameters["calibrator"], "mse");
  EXPECT_EQ(state.record.best()->id, "simplify");
}

TEST(WorkflowTest, StopsWhenTheTargetIsMet) {
  FakeWorld fake;
  State state = FakeWorld::NewRun();
  state.record.latency_target_ms = 9.6;
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(state), ElementsAre("baseline kept", "simplify kept"));
}

TEST(WorkflowTest, AMissedTargetIsExplainedAndNotPackaged) {
  FakeWorld fake;
  State state = FakeWorld::NewRun();
  state.record.latency_target_ms = 1;
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kTargetMissed);
  ASSERT_TRUE(state.record.bottleneck.has_value());
  EXPECT_EQ(fake.done.back(), "bottleneck");
  EXPECT_THAT(state.blockers, HasSubstr("target of 1 ms is not met; the best is 4 ms"));
}

TEST(WorkflowTest, WhatShipsIsPutUnderLoadBeforeItIsPackaged) {
  FakeWorld fake;
  State state = FakeWorld::NewRun();
  state.record.measuring.sustained_s = 300;
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  ASSERT_GE(fake.done.size(), 2u);
  EXPECT_EQ(fake.done[fake.done.size() - 2], "sustain static-int8");
  EXPECT_EQ(fake.done.back(), "package");
  ASSERT_TRUE(fake.Saved().record.sustained.has_value());
  EXPECT_EQ(fake.Saved().record.sustained->step, "static-int8");
  EXPECT_THAT(state.record.warnings, ElementsAre());
  // Once is enough.
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_EQ(std::count(fake.done.begin(), fake.done.end(), "sustain static-int8"), 1);
}

TEST(WorkflowTest, AMissedTargetIsNotPutUnderLoad) {
  FakeWorld fake;
  State state = FakeWorld::NewRun();
  state.record.measuring.sustained_s = 300;
  state.record.latency_target_ms = 1;
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kTargetMissed);
  EXPECT_FALSE(state.record.sustained.has_value());
}

TEST(WorkflowTest, ATargetThatDoesNotHoldUnderLoadIsWarnedOf) {
  FakeWorld fake;
  fake.steady_p50_ms = 6;
  State state = FakeWorld::NewRun();
  state.record.measuring.sustained_s = 300;
  state.record.latency_target_ms = 5;
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_THAT(state.record.warnings,
              ElementsAre(HasSubstr("p50 settles at 6 ms, above the target of 5 ms")));
}

TEST(WorkflowTest, AModelThatDoesNotStandTheLoadIsPackagedWithThatFinding) {
  FakeWorld fake;
  fake.sustain_error = Unavailable("the agent ended during 'bench': killed by signal 9");
  State state = FakeWorld::NewRun();
  state.record.measuring.sustained_s = 300;
  EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  ASSERT_TRUE(state.record.sustained.has_value());
  EXPECT_THAT(state.record.sustained->problem, HasSubstr("signal 9"));
  EXPECT_THAT(state.record.warnings, ElementsAre(HasSubstr("sustained load: the agent ended")));
}

// A lost connection is no finding about the model, neither of a variant nor of what ships.
TEST(WorkflowTest, ALostConnectionEndsTheRunWhichGoesOnLater) {
  Error lost = Unavailable("'board' closed the connection");
  lost.environment = true;
  FakeWorld fake;
  fake["static-int8"].measure_error = lost;
  State state = FakeWorld::NewRun();
  state.record.measuring.sustained_s = 300;
  ASSERT_FALSE(RunFake(fake, state).ok());
  fake["static-int8"].measure_error.reset();
  fake.sustain_error = lost;
  State again = fake.Saved();
  EXPECT_EQ(again.record.steps.back().decision, Decision::kPending);
  ASSERT_FALSE(RunFake(fake, again).ok());
  fake.sustain_error.reset();
  State last = fake.Saved();
  EXPECT_FALSE(last.record.sustained.has_value());
  EXPECT_EQ(RunFake(fake, last).value(), Ending::kPackaged);
  EXPECT_EQ(std::count(fake.done.begin(), fake.done.end(), "make static-int8"), 1);
}

TEST(WorkflowTest, ConditionsStandBesideTheNumbers) {
  FakeWorld fake;
  const World inner = fake.Make();
  World world = inner;
  world.measure = [&](const report::Record& record, const report::Step& step,
                      const report::Step* best) -> Result<Measured> {
    auto measured = inner.measure(record, step, best);
    measured->conditions = {{"clocks", "locked"}};
    return measured;
  };
  State state = FakeWorld::NewRun();
  ASSERT_TRUE(RunWorkflow(state, world, SilentSink(), nullptr).ok());
  for (const report::Step& step : state.record.steps)
    EXPECT_EQ(step.measured_under["conditions"]["clocks"], "locked") << step.id;
}

TEST(WorkflowTest, AVariantThatFailsIsAFailedStep) {
  for (const char* stage : {"make", "measure", "validate"}) {
    FakeWorld fake;
    auto& variant = fake["static-int8"];
    const Error error = Unavailable("killed by signal 11 (Segmentation fault)");
    (std::string(stage) == "make"      ? variant.make_error
     : std::string(stage) == "measure" ? variant.measure_error
                                       : variant.validate_error) = error;
    State state = FakeWorld::NewRun();
    EXPECT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
    EXPECT_EQ(state.record.steps.back().decision, Decision::kFailed);
    EXPECT_THAT(state.record.steps.back().reason, HasSubstr(std::string("could not ") + stage));
    EXPECT_THAT(state.record.steps.back().reason, HasSubstr("signal 11"));
    EXPECT_EQ(state.record.best()->id, "simplify");
  }
}

TEST(WorkflowTest, AFullDiskEndsTheRunAndIsNoFailedStep) {
  for (const char* stage : {"make", "validate"}) {
    FakeWorld fake;
    auto& variant = fake["static-int8"];
    auto& error = std::string(stage) == "make" ? variant.make_error : variant.validate_error;
    error = CantWrite("can't write 'net.onnx': No space left on device");
    State state = FakeWorld::NewRun();
    const auto ending = RunFake(fake, state);
    ASSERT_FALSE(ending.ok());
    EXPECT_EQ(ending.error().code, ErrorCode::kUnavailable);
    error.reset();
    State again = fake.Saved();
    EXPECT_EQ(again.record.steps.back().decision, Decision::kPending);
    EXPECT_EQ(RunFake(fake, again).value(), Ending::kPackaged);
    EXPECT_EQ(again.record.best()->id, "static-int8");
  }
}

TEST(WorkflowTest, WhatIsSlowerByLittleIsBuiltOnButNotShipped) {
  FakeWorld fake;
  fake["simplify"].p50_ms = 10 / 0.975;  // speed-up 0.956 to 0.9945
  fake["static-int8"].accuracy = 0.5;
  State state = FakeWorld::NewRun();
  state.record.policy = "continue";
  ASSERT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_EQ(state.record.Find("static-int8")->input, "simplify");
  EXPECT_EQ(state.record.Find("simplify")->decision, Decision::kReverted);
  EXPECT_THAT(state.record.Find("simplify")->reason, HasSubstr("not shipped: slower"));
  EXPECT_EQ(state.record.best()->id, "baseline");
  // As the basis of what is faster it stays in force.
  FakeWorld faster;
  faster["simplify"].p50_ms = 10 / 0.975;
  State better = FakeWorld::NewRun();
  ASSERT_EQ(RunFake(faster, better).value(), Ending::kPackaged);
  EXPECT_EQ(better.record.best()->id, "static-int8");
  EXPECT_EQ(better.record.Find("simplify")->decision, Decision::kKept);
}

TEST(WorkflowTest, WhatWasNotTriedIsSaidWithTheReason) {
  FakeWorld fake;
  State state = FakeWorld::NewRun();
  ASSERT_EQ(RunFake(fake, state).value(), Ending::kPackaged);
  EXPECT_EQ(state.record.not_tried.count("static-int8"), 0u);
  EXPECT_THAT(state.record.not_tried.at("fp16"), HasSubstr("gain nothing"));
  FakeWorld quick;
  State early = FakeWorld::NewRun();
  early.record.latency_target_ms = 1000;
  ASSERT_EQ(RunFake(quick, early).value(), Ending::kPackaged);
  EXPECT_THAT(early.record.not_tried.at("static-int8"), HasSubstr("target was met"));
}

TEST(WorkflowTest, ABaselineThatFailsEndsTheRun) {
  FakeWorld fake;
  fake["baseline"].validate_error = BadInput("sample 3: label 12 is out of range");
  State state = FakeWorld::NewRun();
  const auto ending = RunFake(fake, state);
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, ErrorCode::kBadInput);
  // Repaired, the run goes on without measuring again.
  fake["baseline"].validate_error.reset();
  State again = fake.Saved();
  EXPECT_EQ(RunFake(fake, again).value(), Ending::kPackaged);
  EXPECT_EQ(std::count(fake.done.begin(), fake.done.end(), "measure baseline"), 1);
}

TEST(WorkflowTest, AChangedOriginalIsRefused) {
  FakeWorld fake;
  fake.original_hash = "other";
  State state = FakeWorld::NewRun();
  const auto ending = RunFake(fake, state);
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, ErrorCode::kBadInput);
  EXPECT_TRUE(fake.done.empty());
}

TEST(WorkflowTest, AStateThatCannotBeSavedEndsTheRun) {
  FakeWorld fake;
  fake.save_error = Unavailable("can't write 'state.json': No space left on device");
  State state = FakeWorld::NewRun();
  const auto ending = RunFake(fake, state);
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, ErrorCode::kUnavailable);
}

TEST(WorkflowTest, CancellationIsNotAFailedStep) {
  FakeWorld fake;
  CancelToken cancel;
  State state = FakeWorld::NewRun();
  World world = fake.Make();
  world.make = [&](const report::Record&, const report::Step&) -> Result<Made> {
    cancel.Cancel();
    return Unavailable("the child died of the same Ctrl-C");
  };
  const auto ending = RunWorkflow(state, world, SilentSink(), &cancel);
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, ErrorCode::kInterrupted);
  State again = fake.Saved();
  EXPECT_EQ(again.record.steps.back().decision, Decision::kPending);
  EXPECT_EQ(RunFake(fake, again).value(), Ending::kPackaged);
}

// Kills the run at every single call in turn, then resumes from what is on disk: the result is the
// one of an undisturbed run, and nothing that had been saved is done again.
void KillEverywhere(const std::function<void(FakeWorld&, State&)>& prepare) {
  FakeWorld undisturbed;
  State expected = FakeWorld::NewRun();
  prepare(undisturbed, expected);
  const auto ending = RunFake(undisturbed, expected);
  ASSERT_TRUE(ending.ok());
  for (int kill_at = 0; kill_at < undisturbed.calls; ++kill_at) {
    SCOPED_TRACE("killed at call " + std::to_string(kill_at));
    FakeWorld fake;
    State state = FakeWorld::NewRun();
    prepare(fake, state);
    fake.kill_at = kill_at;
    EXPECT_THROW((void)RunFake(fake, state), Kill);
    const size_t finished_before_kill = fake.done.size();
    State resumed = fake.has_saved() ? fake.Saved() : FakeWorld::NewRun();
    if (!fake.has_saved()) prepare(fake, resumed);
    const auto resumed_ending = RunFake(fake, resumed);
    ASSERT_TRUE(resumed_ending.ok()) << resumed_ending.error().ToString();
    EXPECT_EQ(*resumed_ending, *ending);
    EXPECT_EQ(Decisions(resumed), Decisions(expected));
    EXPECT_EQ(resumed.finished, expected.finished);
    // At most the one thing whose save was hit is done twice.
    std::multiset<std::string> counted(fake.done.begin(), fake.done.end());
    size_t repeated = 0;
    for (const std::string& what : std::set<std::string>(counted.begin(), counted.end()))
      repeated += counted.count(what) - 1;
    EXPECT_LE(repeated, 1u);
    if (repeated == 1) {
      EXPECT_EQ(counted.count(fake.done[finished_before_kill - 1]), 2u);
    }
  }
}

TEST(WorkflowTest, CanBeKilledAnywhere) {
  KillEverywhere([](FakeWorld&, State&) {});
}

TEST(WorkflowTest, CanBeKilledAnywhereWithASustainedLoad) {
  KillEverywhere([](FakeWorld&, State& state) { state.record.measuring.sustained_s = 300; });
}

TEST(WorkflowTest, CanBeKilledAnywhereOnTheWayToAViolation) {
  KillEverywhere([](FakeWorld& fake, State&) { fake["static-int8"].accuracy = 0.5; });
}

TEST(WorkflowTest, CanBeKilledAnywhereOnTheWayToAMissedTarget) {
  KillEverywhere([](FakeWorld&, State& state) { state.record.latency_target_ms = 1; });
}

TEST(WorkflowTest, CanBeKilledAnywhereWithFailedSteps) {
  KillEverywhere([](FakeWorld& fake, State&) {
    fake["simplify"].make_error = Unavailable("killed by signal 9 (Killed)");
    fake["static-int8"].validate_error = BadInput("output 'prob' holds NaN");
  });
}

}  // namespace
}  // namespace edgeopt::pipeline
