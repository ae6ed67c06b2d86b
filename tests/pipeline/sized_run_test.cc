// A run for which other input sizes were asked: the original is the baseline where it runs at them,
// and what ships has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/fake_world.h"
#include "pipeline/plan.h"
#include "pipeline/run_data.h"
#include "pipeline/shipping.h"

namespace edgeopt::pipeline {
namespace {

using report::Decision;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SizedRunTest : public ::testing::Test {
 protected:
  SizedRunTest() {
    report::Resized& resized = state_.record.resized.emplace();
    resized.asked = "--shape x=4x3x320x320";
    resized.inputs = nlohmann::json::parse(
        R"([{"name": "x", "before": ["n", 3, -1, -1], "after": [4, 3, 320, "w"]}])");
    resized.model = "source/model.onnx";
    resized.sha256 = "5eed";
    resized.size_bytes = 900;
    resized.original_takes_them = true;
    fake_["set-sizes"] = {20, 0.9, 1000, {}, {}, {}};
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

TEST_F(SizedRunTest, TheOriginalIsTheBaselineAndDoesNotShip) {
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  EXPECT_EQ(state_.record.baseline()->output, "/models/net.onnx");
  EXPECT_FALSE(Ships(state_.record, *state_.record.baseline()));
  EXPECT_EQ(Step("set-sizes").decision, Decision::kKept);  // though it is slower
  EXPECT_EQ(Step("simplify").input, "set-sizes");
  EXPECT_EQ(state_.record.basis()->id, "set-sizes");
}

TEST_F(SizedRunTest, WhereTheOriginalDoesNotRunTheModelAtTheseSizesIsTheBaseline) {
  state_.record.resized->original_takes_them = false;
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  const report::Step& baseline = *state_.record.baseline();
  EXPECT_EQ(baseline.output, "source/model.onnx");
  EXPECT_EQ(baseline.sha256, "5eed");
  EXPECT_TRUE(Ships(state_.record, baseline));
  EXPECT_EQ(state_.record.Find("set-sizes"), nullptr);
  EXPECT_THAT(state_.record.warnings, ElementsAre(HasSubstr("does not run at these sizes")));
}

TEST_F(SizedRunTest, TheRecordKeepsIt) {
  EXPECT_EQ(Run().value(), Ending::kPackaged);
  const State read = StateFromJson(ToJson(state_)).value();
  EXPECT_EQ(read.record.resized->asked, "--shape x=4x3x320x320");
  EXPECT_EQ(ToJson(read), ToJson(state_));
}

// Of the original, whose sizes are open; another layout is left alone.
TEST_F(SizedRunTest, OpenSizesAreMeasuredAtThoseThatWereAsked) {
  const auto dims = [&](ir::Dims open) {
    return AtAskedSizes(state_.record, {{"x", ir::DataType::kFloat32, std::move(open)}})[0].dims;
  };
  EXPECT_THAT(dims({-1, 3, -1, -1}), ElementsAre(4, 3, 320, -1));
  EXPECT_THAT(dims({4, 3, 320, -1}), ElementsAre(4, 3, 320, -1));
  EXPECT_THAT(dims({-1, 3}), ElementsAre(-1, 3));
}

}  // namespace
}  // namespace edgeopt::pipeline
