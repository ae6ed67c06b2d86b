#include "pipeline/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "report/sample_record.h"

namespace edgeopt::pipeline {
namespace {

using report::Decision;
using report::Speedup;
using ::testing::HasSubstr;

// Baseline 0.9 and 20 MB, simplify in force; the variant to decide on is the last step.
class DecideTest : public ::testing::Test {
 protected:
  DecideTest() {
    record_.steps.pop_back();
    step_ = &record_.steps.back();
    step_->decision = Decision::kPending;
    step_->best_before = "simplify";
    Set(2.5);
  }
  void Set(double ratio, double noise = 0.04) {
    const Interval interval = {ratio * (1 - noise), ratio * (1 + noise), 0.95, ""};
    step_->vs_baseline = step_->vs_best = Speedup{ratio, interval};
  }
  Decision Outcome() const { return Decide(record_, *step_).decision; }
  std::string Reason() const { return Decide(record_, *step_).reason; }

  report::Record record_ = report::SampleRecord();
  report::Step* step_ = nullptr;
};

TEST_F(DecideTest, FasterAndAccurateIsKept) {
  EXPECT_EQ(Outcome(), Decision::kKept);
  EXPECT_THAT(Reason(), HasSubstr("2.50 times faster than the baseline (speed-up 2.40 to 2.60)"));
  EXPECT_THAT(Reason(), HasSubstr("top1 0.8910 against 0.9000 (-1.00 % relative"));
}

TEST_F(DecideTest, SlowerThanTheBestButFasterThanTheBaselineIsReverted) {
  step_->vs_best = Speedup{0.9, {0.88, 0.92, 0.95, ""}};
  EXPECT_EQ(Outcome(), Decision::kReverted);
  EXPECT_THAT(Reason(), HasSubstr("1.11 times slower than 'simplify'"));
}

TEST_F(DecideTest, TheFloorIsTwoPerCentRelativeToTheBaseline) {
  EXPECT_DOUBLE_EQ(Floor(record_), 0.882);
  step_->accuracy->value = 0.882;
  EXPECT_EQ(Outcome(), Decision::kKept);
  step_->accuracy->value = 0.8819;
  EXPECT_EQ(Outcome(), Decision::kViolated);
  EXPECT_THAT(Reason(), HasSubstr("floor of 0.8820"));
}

TEST_F(DecideTest, AnErrorMetricHasACeiling) {
  for (auto& step : record_.steps) step.accuracy->higher_is_better = false;
  EXPECT_DOUBLE_EQ(Floor(record_), 0.918);
  step_->accuracy->value = 0.92;
  EXPECT_EQ(Outcome(), Decision::kViolated);
  step_->accuracy->value = 0.1;
  EXPECT_EQ(Outcome(), Decision::kKept);
}

TEST_F(DecideTest, NanIsAViolation) {
  step_->accuracy->value = std::nan("");
  EXPECT_EQ(Outcome(), Decision::kViolated);
}

TEST_F(DecideTest, WithinTheNoiseASmallerFileIsKept) {
  Set(1.01);
  EXPECT_EQ(Outcome(), Decision::kKept);
  EXPECT_THAT(Reason(), HasSubstr("5 of 19.9 MB"));
  step_->size_bytes = 19'900'000;
  EXPECT_EQ(Outcome(), Decision::kReverted);
  step_->accuracy->value = 0.5;
  EXPECT_EQ(Outcome(), Decision::kViolated);
}

TEST_F(DecideTest, WithinTheNoiseASimplificationIsKeptUnlessTheFileGrows) {
  Set(1.0);
  step_->kind = "simplify";
  step_->size_bytes = 19'900'000;
  EXPECT_EQ(Outcome(), Decision::kKept);
  step_->size_bytes = 25'000'000;
  EXPECT_EQ(Outcome(), Decision::kReverted);
}

}  // namespace
}  // namespace edgeopt::pipeline
