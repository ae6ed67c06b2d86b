#include "pipeline/score_file.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace edgeopt::pipeline {
namespace {

metrics::Score SampleScore(std::vector<float> per_sample) {
  metrics::Score score;
  score.per_sample = std::move(per_sample);
  score.samples = static_cast<int64_t>(score.per_sample.size());
  for (const float right : score.per_sample) score.value += right;
  score.value /= static_cast<double>(score.samples);
  score.interval = {0.1, 0.9, 0.95, "Wilson"};
  score.details = {{"ties", 2}};
  return score;
}

TEST(ScoreFileTest, RoundTripIsTheIdentity) {
  const auto folder = TemporaryFolder::Create().value();
  const metrics::Score score = SampleScore({1, 0, 1, 1});
  ASSERT_TRUE(WriteScore(folder.path() / "s.json", score).ok());
  const auto read = ReadScore(folder.path() / "s.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->value, 0.75);
  EXPECT_EQ(read->samples, 4);
  EXPECT_EQ(read->per_sample, score.per_sample);
  EXPECT_EQ(read->interval.high, 0.9);
  EXPECT_EQ(read->details, score.details);
}

TEST(ScoreFileTest, ADamagedFileIsBadInput) {
  const auto folder = TemporaryFolder::Create().value();
  for (const char* text : {"", "[]", "{\"schema_version\": 1}"}) {
    ASSERT_TRUE(WriteFile(folder.path() / "s.json", text).ok());
    EXPECT_EQ(ReadScore(folder.path() / "s.json").error().code, ErrorCode::kBadInput) << text;
  }
}

TEST(ScoreFileTest, AccuracyHoldsThePairedTest) {
  const metrics::Score before = SampleScore({1, 1, 1, 1, 0}), after = SampleScore({1, 0, 0, 1, 1});
  EXPECT_FALSE(ToAccuracy(before, nullptr).against_baseline.has_value());
  const auto accuracy = ToAccuracy(after, &before);
  ASSERT_TRUE(accuracy.against_baseline.has_value());
  EXPECT_NEAR(accuracy.against_baseline->difference, -0.2, 1e-7);
  // McNemar, exact: 2 against 1 discordant pairs, p = 1.
  EXPECT_NEAR(accuracy.against_baseline->p_value, 1, 1e-12);
}

TEST(ScoreFileTest, ScoresOfDifferentSamplesHaveNoTest) {
  const metrics::Score before = SampleScore({1, 1, 1}), after = SampleScore({1, 0});
  EXPECT_FALSE(ToAccuracy(after, &before).against_baseline.has_value());
}

}  // namespace
}  // namespace edgeopt::pipeline
