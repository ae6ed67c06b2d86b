#include "pipeline/alternatives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/facts.h"
#include "report/sample_record.h"

namespace edgeopt::pipeline {
namespace {

using report::Suggestion;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// static-int8 with an automatic choice of entropy on 100 of 500 samples violates the floor.
class AlternativesTest : public ::testing::Test {
 protected:
  AlternativesTest() {
    record_.steps.pop_back();
    record_.calibration.path = "/data/train";
    record_.calibration.samples = 500;
    ModelFacts facts;
    record_.model_facts = ToJson(facts);
    report::Step& step = record_.steps.back();
    step.decision = report::Decision::kViolated;
    step.parameters = {{"calibrator", "entropy"}, {"samples", 100}};
    step.details = {{"candidates",
                     {{{"calibrator", "minmax"}, {"sqnr_db", 10.0}},
                      {{"calibrator", "mse"}, {"sqnr_db", 20.0}},
                      {{"calibrator", "entropy"}, {"sqnr_db", 30.0}},
                      {{"calibrator", "percentile"}, {"sqnr_db", 15.0}}}},
                    {"nodes",
                     {{{"name", "pool"}, {"op_type", "MaxPool"}, {"int8", true}},
                      {{"name", "conv 1"}, {"op_type", "Conv"}, {"int8", true}},
                      {{"name", "conv2"}, {"op_type", "Conv"}, {"int8", true}},
                      {{"name", "conv3"}, {"op_type", "Conv"}, {"int8", false}}}}};
  }
  std::vector<std::string> Commands() const {
    std::vector<std::string> commands;
    for (const Suggestion& s : Alternatives(record_, record_.steps.back(), "net_edgeopt"))
      commands.push_back(s.estimate);
    return commands;
  }
  Result<report::Step> Retried(const Retry& retry) const {
    return MakeRetry(record_, record_.steps.back(), retry);
  }
  report::Record record_ = report::SampleRecord();
};

TEST_F(AlternativesTest, AreCommandsReadyToRun) {
  EXPECT_THAT(Commands(), ::testing::ElementsAre(
                              "edgeopt resume net_edgeopt --calibrator mse",
                              "edgeopt resume net_edgeopt --calibrator percentile",
                              "edgeopt resume net_edgeopt --samples 400",
                              "edgeopt resume net_edgeopt --exclude 'conv 1' --exclude conv2",
                              "edgeopt resume net_edgeopt --revert",
                              "edgeopt accept static-int8 --work net_edgeopt --reason TEXT"));
}

TEST_F(AlternativesTest, OnlyWhatExists) {
  record_.calibration.samples = 100;
  EXPECT_THAT(Commands(), Not(Contains(HasSubstr("--samples"))));
  record_.steps.back().kind = "dynamic-int8";
  EXPECT_THAT(Commands(), Not(Contains(HasSubstr("--calibrator"))));
  EXPECT_THAT(Commands(), Not(Contains(HasSubstr("fp16"))));
  ModelFacts facts;
  facts.float16_gains = true;
  record_.model_facts = ToJson(facts);
  EXPECT_THAT(Commands(), Contains("edgeopt resume net_edgeopt --precision fp16"));
}

TEST_F(AlternativesTest, ARetryChangesWhatWasAskedFor) {
  Retry retry;
  retry.calibrator = "mse";
  retry.exclude = {"conv2"};
  const auto step = Retried(retry);
  ASSERT_TRUE(step.ok()) << step.error().ToString();
  EXPECT_EQ(step->kind, "static-int8");
  EXPECT_EQ(step->id, "static-int8-2");
  EXPECT_EQ(step->input, "simplify");
  EXPECT_EQ(step->parameters["calibrator"], "mse");
  EXPECT_EQ(step->parameters["samples"], 100);
  EXPECT_EQ(step->parameters["exclude"], nlohmann::json({"conv2"}));
}

TEST_F(AlternativesTest, ARetryCanBeOfAnotherPrecision) {
  Retry retry;
  retry.precision = "fp16";
  EXPECT_EQ(Retried(retry).value().kind, "fp16");
  retry.precision = "int3";
  EXPECT_EQ(Retried(retry).error().code, ErrorCode::kUsage);
}

TEST_F(AlternativesTest, ARetryThatTheStepDoesNotKnowIsAUsageError) {
  Retry retry;
  retry.calibrator = "guess";
  EXPECT_EQ(Retried(retry).error().code, ErrorCode::kUsage);
  retry.calibrator = "mse";
  record_.steps.back().kind = "dynamic-int8";
  EXPECT_EQ(Retried(retry).error().code, ErrorCode::kUsage);
}

// Ten times the tolerance: a tenth of the noise, 20 dB less.
TEST_F(AlternativesTest, MixedPrecisionIsOfferedWhereItsTargetIsKnown) {
  report::Step& step = record_.steps.back();
  record_.tolerance_ratio = 0.01;
  step.accuracy->value = 0.81;
  step.details["fidelity"]["outputs"] = {{{"name", "y"}, {"sqnr_db", 12.0}}};
  EXPECT_THAT(Commands(), Contains("edgeopt resume net_edgeopt --mixed"));
  step.parameters["exclude"] = {"conv2"};
  Retry retry;
  retry.mixed = true;
  EXPECT_FALSE(retry.empty());
  const auto mixed = Retried(retry);
  ASSERT_TRUE(mixed.ok()) << mixed.error().ToString();
  EXPECT_EQ(mixed->kind, "static-int8");
  EXPECT_DOUBLE_EQ(mixed->parameters["target_sqnr_db"], 32);
  EXPECT_EQ(mixed->parameters["exclude"], nlohmann::json({"conv2"}));
  // After a search: another one chooses anew, anything else keeps what was chosen.
  step.parameters["target_sqnr_db"] = 32;
  EXPECT_FALSE(Retried(retry)->parameters.contains("exclude"));
  Retry other;
  other.calibrator = "mse";
  EXPECT_FALSE(Retried(other)->parameters.contains("target_sqnr_db"));
  EXPECT_TRUE(Retried(other)->parameters.contains("exclude"));
  retry.precision = "fp16";
  EXPECT_EQ(Retried(retry).error().code, ErrorCode::kUsage);
  step.kind = "dynamic-int8";
  EXPECT_THAT(Commands(), Not(Contains("edgeopt resume net_edgeopt --mixed")));
}

// Issue 5: mixed precision, quantization-aware training, a smaller model.
TEST_F(AlternativesTest, OfAJetsonsInt8) {
  record_.device = "jetson-orin-nano";
  record_.format = "tensorrt";
  record_.calibration.samples = 5000;
  report::Step& step = record_.steps.back();
  step.kind = step.id = "tensorrt-int8";
  step.parameters["samples"] = 500;
  EXPECT_THAT(Commands(), ::testing::ElementsAre(
                              "edgeopt resume net_edgeopt --calibrator mse",
                              "edgeopt resume net_edgeopt --calibrator percentile",
                              "edgeopt resume net_edgeopt --samples 1000",
                              "edgeopt resume net_edgeopt --exclude 'conv 1' --exclude conv2",
                              "edgeopt optimize TRAINED.onnx --device jetson-orin-nano",
                              "edgeopt optimize SMALLER.onnx --device jetson-orin-nano",
                              "edgeopt resume net_edgeopt --revert",
                              "edgeopt accept tensorrt-int8 --work net_edgeopt --reason TEXT"));
  Retry retry;
  retry.precision = "fp16";
  EXPECT_EQ(Retried(retry)->kind, "tensorrt-fp16");
}

TEST(ShellQuotedTest, QuotesWhatTheShellWouldRead) {
  EXPECT_EQ(ShellQuoted("net_edgeopt/x-1.onnx"), "net_edgeopt/x-1.onnx");
  EXPECT_EQ(ShellQuoted("conv 1"), "'conv 1'");
  EXPECT_EQ(ShellQuoted("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuoted("a*"), "'a*'");
  EXPECT_EQ(ShellQuoted(""), "''");
}

}  // namespace
}  // namespace edgeopt::pipeline
