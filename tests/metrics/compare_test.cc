// Paired tests: against statsmodels, and by hand.
#include <cmath>

#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

Score RightOrWrong(std::vector<float> per_sample) {
  Score score;
  score.samples = static_cast<int64_t>(per_sample.size());
  for (const float value : per_sample) score.value += value / static_cast<double>(score.samples);
  score.per_sample = std::move(per_sample);
  return score;
}

TEST(Compare, McNemarAsStatsmodelsHasIt) {
  const auto& data = Expected()["classification"];
  std::vector<float> own, other;
  for (size_t i = 0; i < data["labels"].size(); ++i) {
    const std::vector<float> scores = data["scores"][i];
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    own.push_back(best == data["labels"][i].get<int64_t>());
    other.push_back(data["other_predictions"][i] == data["labels"][i]);
  }
  const auto test = Compare(RightOrWrong(own), RightOrWrong(other));
  ASSERT_TRUE(test.ok());
  EXPECT_NEAR(test->p_value, data["mcnemar"], 1e-9);
  EXPECT_EQ(test->method, "McNemar, exact");
  EXPECT_EQ(test->samples, 150);
  EXPECT_LT(test->interval.low, test->difference);
  EXPECT_GT(test->interval.high, test->difference);
}

// 10 lost and 2 won of 100: difference -0.08; Agresti and Min add half a sample to each cell, so
// (2.5 - 10.5) / 102 -+ 1.959964 sqrt(13 - 64 / 102) / 102.
TEST(Compare, DifferenceAndIntervalByHand) {
  std::vector<float> baseline(100, 1), candidate(100, 1);
  for (int i = 0; i < 10; ++i) candidate[i] = 0;
  for (int i = 10; i < 12; ++i) baseline[i] = 0;
  const auto test = Compare(RightOrWrong(baseline), RightOrWrong(candidate));
  ASSERT_TRUE(test.ok());
  EXPECT_NEAR(test->difference, -0.08, 1e-12);
  EXPECT_NEAR(test->interval.low, -0.14602, 1e-5);
  EXPECT_NEAR(test->interval.high, -0.01084, 1e-5);
  EXPECT_NEAR(test->p_value, 2 * (1 + 12 + 66) / 4096.0, 1e-12);
}

TEST(Compare, EqualScoresAreNoDifferenceButNoProofOfNone) {
  const auto test = Compare(RightOrWrong({1, 1, 0}), RightOrWrong({1, 1, 0}));
  ASSERT_TRUE(test.ok());
  EXPECT_EQ(test->difference, 0);
  EXPECT_EQ(test->p_value, 1);
  EXPECT_LT(test->interval.low, -0.1);
  EXPECT_GT(test->interval.high, 0.1);
}

// Differences with mean 0.1 and standard deviation 1/sqrt(12): the interval is the central limit
// theorem's within the bootstrap's own noise.
TEST(Compare, PairedBootstrapOfPerSampleErrors) {
  Score baseline, candidate;
  for (int i = 0; i < 500; ++i) {
    const float common = static_cast<float>(i * 7919 % 500);
    baseline.per_sample.push_back(common);
    candidate.per_sample.push_back(common + 0.1f + static_cast<float>(i * 37 % 500) / 500 - 0.499f);
  }
  for (Score* score : {&baseline, &candidate}) {
    score->samples = 500;
    for (const float value : score->per_sample) score->value += value / 500.0;
  }
  const auto test = Compare(baseline, candidate);
  ASSERT_TRUE(test.ok());
  const double standard_error = std::sqrt(1.0 / 12 / 500);
  EXPECT_EQ(test->method, "paired bootstrap");
  EXPECT_NEAR(test->difference, 0.1, 1e-4);
  EXPECT_NEAR(test->interval.low, 0.1 - 1.96 * standard_error, 0.2 * standard_error);
  EXPECT_NEAR(test->interval.high, 0.1 + 1.96 * standard_error, 0.2 * standard_error);
  EXPECT_LT(test->p_value, 0.01);
  EXPECT_GE(test->p_value, 2.0 / (kResamples + 1));
}

TEST(Compare, ReplicatesArePairedDrawByDraw) {
  std::vector<Observation> worse, better;
  for (int i = 0; i < 40; ++i) {
    const float truth = static_cast<float>(i), spread = static_cast<float>(i % 7 - 3);
    worse.push_back({{Floats("y", {truth + 1.1f * spread})}, {Floats("target", {truth})}});
    better.push_back({{Floats("y", {truth + spread})}, {Floats("target", {truth})}});
  }
  const Score baseline = ScoreOf("rmse", {}, worse), candidate = ScoreOf("rmse", {}, better);
  const auto test = Compare(baseline, candidate);
  ASSERT_TRUE(test.ok());
  // Every draw is better by the factor 1.1 exactly: the scores' intervals overlap, the test is
  // certain.
  EXPECT_GT(candidate.interval.high, baseline.interval.low);
  EXPECT_LT(test->interval.high, 0);
  EXPECT_NEAR(test->p_value, 2.0 / (kResamples + 1), 1e-12);
}

TEST(Compare, RefusesWhatCannotBePaired) {
  EXPECT_EQ(Compare(RightOrWrong({1, 0}), RightOrWrong({1})).error().code, ErrorCode::kBadInput);
  Score single;
  single.samples = 3;
  EXPECT_EQ(Compare(single, single).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace edgeopt::metrics
