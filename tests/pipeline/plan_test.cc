#include "pipeline/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/fake_world.h"

namespace edgeopt::pipeline {
namespace {

using report::Decision;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

report::Record RecordWith(const ModelFacts& facts) {
  report::Record record = FakeWorld::NewRun().record;
  record.model_facts = ToJson(facts);
  report::Step baseline;
  baseline.id = baseline.kind = "baseline";
  baseline.latency = report::Latency{.p50_ms = 10};
  baseline.decision = Decision::kKept;
  record.steps.push_back(baseline);
  return record;
}

std::vector<std::string> Applying(const report::Record& record) {
  std::vector<std::string> kinds;
  const auto plan = MakePlan(record).value();
  for (const PlannedStep& step : plan)
    if (step.applies) kinds.push_back(step.kind);
  return kinds;
}

std::string WhyNot(const report::Record& record, const std::string& kind) {
  const auto plan = MakePlan(record).value();
  for (const PlannedStep& step : plan)
    if (step.kind == kind && !step.applies) return step.why;
  return "it applies";
}

ModelFacts Convolutional() {
  ModelFacts facts;
  facts.macs = 1000;
  facts.static_macs = 990;
  facts.dynamic_macs = 20;
  return facts;
}

TEST(PlanTest, AConvolutionalNetworkGetsNoDynamicInt8) {
  const auto record = RecordWith(Convolutional());
  EXPECT_THAT(Applying(record), ElementsAre("simplify", "static-int8"));
  EXPECT_THAT(WhyNot(record, "dynamic-int8"), HasSubstr("2 % of the multiply-adds"));
  EXPECT_THAT(WhyNot(record, "fp16"), HasSubstr("gain nothing"));
}

TEST(PlanTest, ATransformerGetsBothAndFloat16WhereTheCpuGains) {
  ModelFacts facts;
  facts.macs = 1000;
  facts.static_macs = facts.dynamic_macs = 900;
  facts.float16_gains = true;
  EXPECT_THAT(Applying(RecordWith(facts)),
              ElementsAre("simplify", "dynamic-int8", "static-int8", "fp16"));
}

TEST(PlanTest, WithoutCalibrationDataStaticInt8IsLeftOut) {
  report::Record record = RecordWith(Convolutional());
  record.calibration = {};
  EXPECT_THAT(Applying(record), ElementsAre("simplify"));
  EXPECT_THAT(WhyNot(record, "static-int8"), HasSubstr("--calibration"));
}

TEST(PlanTest, AQuantizedModelIsNotQuantizedAgain) {
  ModelFacts facts = Convolutional();
  facts.quantized = true;
  facts.float16_gains = true;
  EXPECT_THAT(Applying(RecordWith(facts)), ElementsAre("simplify"));
}

TEST(PlanTest, BeforeTheModelIsInspectedEveryBranchIsListed) {
  EXPECT_THAT(Applying(FakeWorld::NewRun().record),
              ElementsAre("simplify", "dynamic-int8", "static-int8", "fp16"));
}

TEST(PlanTest, AnUnknownFormatIsUnsupported) {
  report::Record record = RecordWith(Convolutional());
  record.format = "coreml";
  EXPECT_EQ(MakePlan(record).error().code, ErrorCode::kUnsupported);
}

report::Record JetsonRecord() {
  report::Record record = RecordWith(Convolutional());
  record.device = "jetson-orin-nano";
  record.format = "tensorrt";
  return record;
}

void Decided(report::Record& record, Decision decision, double p50_ms = 5) {
  report::Step step = NextStep(record).value().value();
  step.decision = decision;
  step.output = "variants/" + step.id + ".onnx";
  step.latency = report::Latency{.p50_ms = p50_ms};
  record.steps.push_back(step);
}

// Issue 5: "the plan FP16, then (latency target not met) INT8 ..., then mixed precision".
TEST(PlanTest, AJetsonGetsFloat16ThenInt8) {
  const auto record = JetsonRecord();
  EXPECT_THAT(Applying(record), ElementsAre("tensorrt-fp16", "tensorrt-int8"));
  EXPECT_THAT(WhyNot(record, "tensorrt-mixed"), HasSubstr("below the accuracy floor"));
  EXPECT_EQ(MakePlan(record).value()[1].parameters["rules"], "tensorrt");
  EXPECT_EQ(MakePlan(record).value()[1].parameters["calibrator"], "auto");
}

TEST(PlanTest, ADlaGetsInt8WhereItsTensorRtTakesQdq) {
  report::Record record = JetsonRecord();
  record.dla_core = 0;
  EXPECT_THAT(Applying(record), ElementsAre("tensorrt-fp16"));
  EXPECT_THAT(WhyNot(record, "tensorrt-int8"), HasSubstr("11.4.1"));
  Decided(record, Decision::kKept);
  nlohmann::json& under = record.steps.back().measured_under;
  under["settings"]["runtime"] = {{"name", "tensorrt"}, {"version", "10.3.0"}};
  EXPECT_FALSE(NextStep(record).value().has_value());
  under["settings"]["runtime"]["version"] = "11.4.1";
  EXPECT_EQ(NextStep(record).value()->kind, "tensorrt-int8");
}

TEST(PlanTest, AJetsonKeepsTheScalesOfAQuantizedModel) {
  ModelFacts facts = Convolutional();
  facts.quantized = true;
  report::Record record = RecordWith(facts);
  record.format = "tensorrt";
  EXPECT_THAT(Applying(record), ElementsAre("tensorrt-fp16"));
}

TEST(NextStepTest, AJetsonStopsAtFloat16ThatMeetsTheTarget) {
  report::Record record = JetsonRecord();
  record.latency_target_ms = 6;
  // The baseline's 10 ms, or less, do not count: it is no engine.
  record.steps[0].latency->p50_ms = 1;
  Decided(record, Decision::kKept, 5);
  EXPECT_EQ(record.steps.back().kind, "tensorrt-fp16");
  EXPECT_FALSE(NextStep(record).value().has_value());
  record.steps.back().latency->p50_ms = 7;
  EXPECT_EQ(NextStep(record).value()->kind, "tensorrt-int8");
}

TEST(NextStepTest, AJetsonsInt8BelowTheFloorIsFollowedByMixedPrecision) {
  report::Record record = JetsonRecord();
  record.policy = "continue";
  Decided(record, Decision::kKept);
  Decided(record, Decision::kViolated);
  record.steps.back().details = {{"nodes",
                                  {{{"name", "first"}, {"op_type", "Conv"}, {"int8", true}},
                                   {{"name", "sum"}, {"op_type", "Add"}, {"int8", true}},
                                   {{"name", "middle"}, {"op_type", "Conv"}, {"int8", true}},
                                   {{"name", "last"}, {"op_type", "Gemm"}, {"int8", true}}}}};
  const report::Step mixed = NextStep(record).value().value();
  EXPECT_EQ(mixed.kind, "tensorrt-mixed");
  EXPECT_EQ(mixed.parameters["exclude"], nlohmann::json({"first", "last"}));
  Decided(record, Decision::kKept);
  EXPECT_FALSE(NextStep(record).value().has_value());
}

// A step that lost so much, relative to the baseline's 0.9, with that SQNR of its outputs.
void Violated(report::Record& record, double loss_ratio, double sqnr_db) {
  Decided(record, Decision::kViolated);
  report::Step& step = record.steps.back();
  step.accuracy = report::Accuracy{};
  step.accuracy->value = 0.9 * (1 - loss_ratio);
  step.details = {{"fidelity", {{"outputs", {{{"name", "y"}, {"sqnr_db", sqnr_db}}}}}}};
}

// Twice the tolerance is 6 dB too much noise; 1 dB on top.
TEST(NextStepTest, MixedPrecisionAimsAtWhatTheLossAsksFor) {
  report::Record record = JetsonRecord();
  record.policy = "continue";
  record.tolerance_ratio = 0.02;
  record.steps[0].accuracy = report::Accuracy{};
  record.steps[0].accuracy->value = 0.9;
  Decided(record, Decision::kKept);
  Violated(record, 0.04, 15);
  report::Step mixed = NextStep(record).value().value();
  EXPECT_EQ(mixed.kind, "tensorrt-mixed");
  EXPECT_NEAR(mixed.parameters["target_sqnr_db"], 15 + 6.02 + 1, 0.01);
  EXPECT_FALSE(mixed.parameters.contains("exclude"));
  // Below the floor again: deeper, by what that one lost; twice at most.
  Violated(record, 0.03, 22.5);
  EXPECT_NEAR(NextStep(record).value()->parameters["target_sqnr_db"], 22.5 + 3.52 + 1, 0.01);
  EXPECT_EQ(NextStep(record).value()->id, "tensorrt-mixed-2");
  Violated(record, 0.025, 27);
  EXPECT_EQ(NextStep(record).value()->id, "tensorrt-mixed-3");
  Violated(record, 0.021, 29);
  EXPECT_FALSE(NextStep(record).value().has_value());
}

TEST(NextStepTest, QuantizationStartsFromTheLastKeptFloatModel) {
  report::Record record = RecordWith(Convolutional());
  report::Step simplify = NextStep(record).value().value();
  EXPECT_EQ(simplify.id, "simplify");
  EXPECT_EQ(simplify.input, "baseline");
  simplify.decision = Decision::kKept;
  record.steps.push_back(simplify);
  EXPECT_EQ(NextStep(record).value()->input, "simplify");
  record.steps.back().decision = Decision::kReverted;
  EXPECT_EQ(NextStep(record).value()->input, "baseline");
}

TEST(NextStepTest, ABaselineThatMeetsTheTargetNeedsNoStep) {
  report::Record record = RecordWith(Convolutional());
  record.latency_target_ms = 10;
  EXPECT_FALSE(NextStep(record).value().has_value());
  record.latency_target_ms = 9.99;
  EXPECT_TRUE(NextStep(record).value().has_value());
}

TEST(NextStepTest, IdsAreUnique) {
  report::Record record = RecordWith(Convolutional());
  record.steps.push_back(MakeStep(record, "static-int8", nlohmann::json::object()));
  EXPECT_EQ(MakeStep(record, "static-int8", {}).id, "static-int8-2");
}

}  // namespace
}  // namespace edgeopt::pipeline
