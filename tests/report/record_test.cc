#include "report/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/sample_record.h"

namespace edgeopt::report {
namespace {

using ::testing::HasSubstr;

TEST(RecordTest, JsonRoundTripIsTheIdentity) {
  Record record = SampleRecord();
  record.latency_target_ms = 3.5;
  record.metric_parameters = {{"output", "prob"}};
  record.bottleneck = Bottleneck{"Conv", {{"a", "b"}}};
  record.steps[2].files = {{"calibration_table.json", "variants/t.json"}};
  record.steps[2].details = {{"int8_nodes", 12}};
  record.steps[3].accuracy.reset();
  const auto document = ToJson(record);
  const auto read = RecordFromJson(document);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(ToJson(*read), document);
  EXPECT_EQ(read->steps[2].accuracy->against_baseline->p_value, 0.004);
  EXPECT_FALSE(read->steps[3].accuracy.has_value());
}

TEST(RecordTest, NumbersThatJsonDoesNotHaveSurvive) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Record record = SampleRecord();
  Step& step = record.steps.front();
  step.accuracy->interval = {-kInfinity, kInfinity, 0, "none"};
  step.latency->p99_interval.high = kInfinity;
  step.wall_s["made"] = std::numeric_limits<double>::quiet_NaN();
  const std::string text = ToJson(record).dump();
  const auto read = RecordFromJson(nlohmann::json::parse(text));
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  const Step& again = read->steps.front();
  EXPECT_EQ(again.accuracy->interval.low, -kInfinity);
  EXPECT_EQ(again.accuracy->interval.high, kInfinity);
  EXPECT_EQ(again.latency->p99_interval.high, kInfinity);
  EXPECT_TRUE(std::isnan(again.wall_s.at("made")));
}

TEST(RecordTest, NamesTheMemberThatIsWrong) {
  const auto error_of = [](auto change) {
    auto document = ToJson(SampleRecord());
    change(document);
    const auto read = RecordFromJson(document);
    return read.ok() ? std::string("no error") : read.error().message;
  };
  EXPECT_EQ(error_of([](auto& d) { d["steps"][2]["latency"]["p50_ms"] = "fast"; }),
            "steps[2].latency.p50_ms is not a number");
  EXPECT_EQ(error_of([](auto& d) { d["steps"][1].erase("sha256"); }), "steps[1].sha256 is missing");
  EXPECT_EQ(error_of([](auto& d) { d["steps"][1]["decision"] = "maybe"; }),
            "steps[1].decision is not a decision");
  EXPECT_EQ(error_of([](auto& d) { d["steps"] = 3; }), "steps is not a list");
  EXPECT_EQ(error_of([](auto& d) { d["data"] = 3; }), "data is not an object");
  EXPECT_EQ(error_of([](auto& d) { d["threads"] = 1.5; }), "threads is not an integer");
  EXPECT_EQ(error_of([](auto& d) { d = nlohmann::json::array(); }),
            "the document is not an object");
}

TEST(RecordTest, TheBestIsTheLastInForceAndItsChainLeadsFromTheOriginal) {
  const Record record = SampleRecord();
  EXPECT_EQ(record.best()->id, "static-int8");
  std::vector<std::string> ids;
  for (const Step* step : record.Chain(*record.best())) ids.push_back(step->id);
  EXPECT_THAT(ids, ::testing::ElementsAre("simplify", "static-int8"));
  EXPECT_TRUE(record.Chain(*record.baseline()).empty());
}

TEST(RecordTest, AChainThatGoesInCirclesEnds) {
  Record record = SampleRecord();
  record.steps[1].input = "static-int8";
  EXPECT_LE(record.Chain(*record.best()).size(), record.steps.size());
}

TEST(RecordTest, LossIsRelativeToTheBaseline) {
  Accuracy before, after;
  before.value = 0.8;
  after.value = 0.6;
  EXPECT_DOUBLE_EQ(RelativeLoss(before, after), 0.25);
  before.higher_is_better = after.higher_is_better = false;
  EXPECT_DOUBLE_EQ(RelativeLoss(before, after), -0.25);
  before.value = 0;
  after.value = 0.1;
  EXPECT_DOUBLE_EQ(RelativeLoss(before, after), 0.1);
}

}  // namespace
}  // namespace edgeopt::report
