// A run whose source is in a framework: the baseline is the framework's, everything is made of the
// exported model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/fake_world.h"
#include "pipeline/plan.h"
#include "pipeline/shipping.h"

namespace edgeopt::pipeline {
namespace {

using report::Decision;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImportedRunTest : public ::testing::Test {
 protected:
  ImportedRunTest() {
    report::Imported& imported = state_.record.imported.emplace();
    imported.framework = "pytorch";
    imported.model = "source/model.onnx";
    imported.sha256 = "5eed";
    imported.size_bytes = 900;
    imported.way = "natively";
    fake_["export-model"] = {20, 0.9, 1000, {}, {}, {}};
    fake_["simplify"] = {9, 0.9, 1000, {}, {}, {}};
  }
  Result<Ending> Run() {
    const World world = fake_.Make();
    return RunWorkflow(state_, world, SilentSink(), nullptr);
  }
  const report::Step& Step(const char* id) const { return *state_.record.Find(id); }

  FakeWorld fake_;
  State state_ = FakeWorld::NewRun();
};

// The framework's model is no alternative, so that an export that is slower is kept all the same.
TEST_F(ImportedRunTest, EverythingIsMadeOfTheExport) {
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_EQ(state_.record.baseline()->framework, "pytorch");
  EXPECT_EQ(state_.record.baseline()->format(), "pytorch");
  EXPECT_FALSE(Ships(state_.record, *state_.record.baseline()));
  EXPECT_EQ(Step("export-model").decision, Decision::kKept);
  EXPECT_EQ(Step("export-model").input, "baseline");
  EXPECT_THAT(Step("export-model").reason, HasSubstr("2 times slower than the baseline"));
  EXPECT_EQ(Step("simplify").input, "export-model");
  EXPECT_EQ(state_.record.basis()->id, "export-model");
}

TEST_F(ImportedRunTest, OnABoardTheExportIsTheBaseline) {
  state_.record.measuring.host = "board";
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  const report::Step& baseline = *state_.record.baseline();
  EXPECT_EQ(baseline.framework, "");
  EXPECT_EQ(baseline.output, "source/model.onnx");
  EXPECT_EQ(baseline.sha256, "5eed");
  EXPECT_EQ(baseline.size_bytes, 900);
  EXPECT_EQ(state_.record.Find("export-model"), nullptr);
  EXPECT_THAT(state_.record.warnings, ElementsAre(HasSubstr("pytorch is not measured on 'board'")));
}

TEST_F(ImportedRunTest, AnExportBelowTheFloorStopsAndNothingIsMadeOfIt) {
  fake_["export-model"].accuracy = 0.5;
  EXPECT_EQ(Run().value(), Ending::kViolation);
  EXPECT_EQ(OpenViolation(state_)->id, "export-model");
  ASSERT_TRUE(Revert(state_, std::nullopt).ok());
  const auto ending = Run();
  ASSERT_FALSE(ending.ok());
  EXPECT_EQ(ending.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(state_.record.steps.size(), 2u);
}

// For a board that takes TFLite the ONNX export is a basis that does not ship.
TEST_F(ImportedRunTest, AnotherFormatIsMadeOfTheExport) {
  state_.record.device = "raspberry-pi-5";
  state_.record.format = "tflite";
  fake_["tflite-fp32"] = {15, 0.9, 1000, {}, {}, {}};
  fake_["tflite-fp16"] = {15, 0.9, 500, {}, {}, {}};
  fake_["tflite-int8"] = {6, 0.89, 300, {}, {}, {}};
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_THAT(Step("export-model").reason, HasSubstr("further steps are made of it"));
  EXPECT_THAT(Step("tflite-fp32").reason, HasSubstr("the first in the format of raspberry-pi-5"));
  EXPECT_EQ(Step("tflite-int8").input, "export-model");
}

// TensorFlow's export is TFLite already: there is no second conversion.
TEST_F(ImportedRunTest, ATfliteExportNeedsNoConversion) {
  state_.record.device = "raspberry-pi-5";
  state_.record.format = "tflite";
  state_.record.imported->framework = "tensorflow";
  state_.record.imported->model = "source/model.tflite";
  const std::vector<PlannedStep> plan = MakePlan(state_.record).value();
  const auto conversion = std::ranges::find(plan, "tflite-fp32", &PlannedStep::kind);
  ASSERT_NE(conversion, plan.end());
  EXPECT_FALSE(conversion->applies);
}

TEST_F(ImportedRunTest, TheRecordKeepsIt) {
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  const State read = StateFromJson(ToJson(state_)).value();
  EXPECT_EQ(read.record.imported->way, "natively");
  EXPECT_EQ(read.record.baseline()->framework, "pytorch");
  EXPECT_EQ(ToJson(read), ToJson(state_));
}

}  // namespace
}  // namespace edgeopt::pipeline
