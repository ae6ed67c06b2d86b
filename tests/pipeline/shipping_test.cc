// A device of another format: what is kept, compared and shipped.
#include "pipeline/shipping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/fake_world.h"
#include "pipeline/plan.h"
#include "report/verdict.h"

namespace edgeopt::pipeline {
namespace {

using report::Decision;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ShippingTest : public ::testing::Test {
 protected:
  ShippingTest() {
    state_.record.device = "raspberry-pi-5";
    state_.record.format = "tflite";
    fake_["tflite-fp32"] = {15, 0.9, 1000, {}, {}, {}};
    fake_["tflite-fp16"] = {15, 0.9, 500, {}, {}, {}};
    fake_["tflite-int8"] = {6, 0.89, 300, {}, {}, {}};
  }
  Result<Ending> Run() {
    const World world = fake_.Make();
    return RunWorkflow(state_, world, SilentSink(), nullptr);
  }
  std::vector<std::string> Decisions() const {
    std::vector<std::string> texts;
    for (const report::Step& step : state_.record.steps)
      texts.push_back(step.id + " " + std::string(Name(step.decision)));
    return texts;
  }

  FakeWorld fake_;
  State state_ = FakeWorld::NewRun();
};

// On this host the conversion is slower than the original, which says nothing about the device.
TEST_F(ShippingTest, TheFirstInTheDevicesFormatIsKeptThoughSlowerHere) {
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(), ElementsAre("baseline kept", "tflite-fp32 kept", "tflite-fp16 kept",
                                       "tflite-int8 kept"));
  EXPECT_THAT(state_.record.Find("tflite-fp32")->reason,
              HasSubstr("the first in the format of raspberry-pi-5 (tflite); 1.50 times slower"));
  EXPECT_EQ(state_.record.Find("tflite-int8")->input, "baseline");
}

TEST_F(ShippingTest, VariantsAreJudgedByTheConversion) {
  fake_["tflite-int8"].p50_ms = 20;
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(), ElementsAre("baseline kept", "tflite-fp32 kept", "tflite-fp16 kept",
                                       "tflite-int8 reverted"));
  EXPECT_EQ(state_.record.best()->id, "tflite-fp16");
}

TEST_F(ShippingTest, StopsAtTheLatencyTarget) {
  state_.record.latency_target_ms = 16;
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  // The original itself meets the target, in a format that does not count.
  EXPECT_THAT(Decisions(), ElementsAre("baseline kept", "tflite-fp32 kept"));
}

TEST_F(ShippingTest, AViolationStopsHereToo) {
  fake_["tflite-int8"].accuracy = 0.5;
  EXPECT_EQ(Run().value(), Ending::kViolation);
  EXPECT_EQ(OpenViolation(state_)->id, "tflite-int8");
}

TEST_F(ShippingTest, WithoutAConversionNothingShips) {
  for (const char* kind : {"tflite-fp32", "tflite-fp16", "tflite-int8"})
    fake_[kind].make_error = Unsupported("node 'nms': TFLite has no such operator");
  const auto ending = Run();
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(ending.error().message, HasSubstr("node 'nms'"));
  EXPECT_EQ(std::count(fake_.done.begin(), fake_.done.end(), "package"), 0);
}

// With --format any both formats compete on this machine.
TEST_F(ShippingTest, AnyFormatTakesTheFaster) {
  state_.record.device = "cpu-generic";
  state_.record.format = "any";
  fake_["tflite-int8"].p50_ms = 2;
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(),
              ElementsAre("baseline kept", "simplify kept", "static-int8 kept",
                          "tflite-fp32 reverted", "tflite-fp16 reverted", "tflite-int8 kept"));
  EXPECT_EQ(state_.record.best()->format(), "tflite");
}

TEST_F(ShippingTest, AnAlternativeKeepsTheFormat) {
  EXPECT_THAT(MakePlan(state_.record).value().back().parameters["calibrator"], "auto");
}

class JetsonTest : public ShippingTest {
 protected:
  JetsonTest() {
    state_.record.device = "jetson-orin-nano";
    state_.record.format = "tensorrt";
    fake_["tensorrt-fp16"] = {30, 0.9, 500, {}, {}, {}};
    fake_["tensorrt-int8"] = {60, 0.89, 300, {}, {}, {}};
    fake_["tensorrt-mixed"] = {50, 0.895, 320, {}, {}, {}};
  }
};

// On the device itself (no label) engines are timed, and compared with each other.
TEST_F(JetsonTest, EnginesAreJudgedByTheirTimes) {
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(),
              ElementsAre("baseline kept", "tensorrt-fp16 kept", "tensorrt-int8 reverted"));
  EXPECT_THAT(state_.record.Find("tensorrt-fp16")->reason,
              HasSubstr("the first in the format of jetson-orin-nano (tensorrt); 3 times slower"));
}

// Elsewhere ONNX Runtime's time of the Q/DQ model says nothing: it is not held against it.
TEST_F(JetsonTest, WithoutADeviceTheSmallerIsKept) {
  state_.record.latency_label = "Host Estimate (not target hardware)";
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(),
              ElementsAre("baseline kept", "tensorrt-fp16 kept", "tensorrt-int8 kept"));
  for (const char* id : {"tensorrt-fp16", "tensorrt-int8"})
    EXPECT_THAT(state_.record.Find(id)->reason, HasSubstr("no engine was built")) << id;
}

// So it is held neither for nor against the latency target: of these two it would meet one.
TEST_F(JetsonTest, WithoutADeviceALatencyTargetIsNotJudged) {
  for (const double target_ms : {1.0, 1000.0}) {
    State state = state_;
    state.record.latency_label = "Host Estimate (not target hardware)";
    state.record.latency_target_ms = target_ms;
    const World world = fake_.Make();
    EXPECT_EQ(RunWorkflow(state, world, SilentSink(), nullptr).value(), Ending::kPackaged);
    EXPECT_NE(state.record.Find("tensorrt-int8"), nullptr)
        << "stopped at a target of " << target_ms;
    EXPECT_FALSE(TargetMet(state.record));
    EXPECT_FALSE(TargetMissed(state.record));
    const report::Verdict verdict = report::Judge(state.record);
    EXPECT_TRUE(verdict.pass);
    EXPECT_THAT(verdict.not_judged, ElementsAre(HasSubstr("no engine was built")));
  }
}

TEST_F(JetsonTest, BelowTheFloorIsBelowItWithoutADeviceToo) {
  state_.record.latency_label = "Host Estimate (not target hardware)";
  fake_["tensorrt-int8"].accuracy = 0.5;
  EXPECT_EQ(Run().value(), Ending::kViolation);
  EXPECT_EQ(OpenViolation(state_)->id, "tensorrt-int8");
}

TEST_F(JetsonTest, UnderContinueMixedPrecisionFollows) {
  state_.record.policy = "continue";
  fake_["tensorrt-fp16"].p50_ms = 8;
  fake_["tensorrt-int8"] = {4, 0.5, 300, {}, {}, {}};
  fake_["tensorrt-mixed"].p50_ms = 5;
  fake_.details = {{"nodes", {{{"name", "a"}, {"op_type", "Conv"}, {"int8", true}}}}};
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Decisions(), ElementsAre("baseline kept", "tensorrt-fp16 kept",
                                       "tensorrt-int8 violated", "tensorrt-mixed kept"));
}

TEST_F(JetsonTest, AHostOrTheDeviceItselfRunsEngines) {
  report::Record& record = state_.record;
  report::Step step;
  step.kind = "tensorrt-int8";
  record.latency_label = "Host Estimate (not target hardware)";
  EXPECT_TRUE(report::HasStandIn(record, step));
  record.measuring.host = "board";
  EXPECT_TRUE(RunsInTensorRt(record, step));
  record.measuring.host.clear();
  record.latency_label.clear();
  EXPECT_TRUE(RunsInTensorRt(record, step));
  step.kind = "baseline";
  EXPECT_FALSE(RunsInTensorRt(record, step));
  EXPECT_FALSE(report::HasStandIn(record, step));
}

}  // namespace
}  // namespace edgeopt::pipeline
