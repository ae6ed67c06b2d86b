#include "pipeline/score_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

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

TEST(ScoreFileTest, NumbersThatJsonDoesNotHaveSurvive) {
  const auto folder = TemporaryFolder::Create().value();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  metrics::Score score = SampleScore({1, std::numeric_limits<float>::quiet_NaN(), 0.1f});
  score.value = -kInfinity;
  score.interval = {-kInfinity, kInfinity, 0, "bootstrap"};
  score.replicates = {0.5, std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity};
  score.details = {{"ap75", kInfinity}};
  ASSERT_TRUE(WriteScore(folder.path() / "s.json", score).ok());
  const std::string text = ReadFile(folder.path() / "s.json").value();
  EXPECT_TRUE(nlohmann::json::accept(text)) << text;
  EXPECT_EQ(text.find("null"), std::string::npos) << text;
  const auto read = ReadScore(folder.path() / "s.json");
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->value, -kInfinity);
  EXPECT_EQ(read->interval.low, -kInfinity);
  EXPECT_EQ(read->interval.high, kInfinity);
  EXPECT_EQ(read->details, score.details);
  ASSERT_EQ(read->per_sample.size(), 3u);
  EXPECT_TRUE(std::isnan(read->per_sample[1]));
  EXPECT_EQ(read->per_sample[2], 0.1f);
  ASSERT_EQ(read->replicates.size(), 4u);
  EXPECT_TRUE(std::isnan(read->replicates[1]));
  EXPECT_EQ(read->replicates[2], kInfinity);
  EXPECT_EQ(read->replicates[3], -kInfinity);
}

TEST(ScoreFileTest, ANumberThatIsNoneIsBadInput) {
  const auto folder = TemporaryFolder::Create().value();
  ASSERT_TRUE(WriteScore(folder.path() / "s.json", SampleScore({1, 0})).ok());
  const std::string text = ReadFile(folder.path() / "s.json").value();
  for (const char* wrong : {"null", "\"nan\"", "[]", "true"}) {
    auto document = nlohmann::json::parse(text);
    document["per_sample"][1] = nlohmann::json::parse(wrong);
    ASSERT_TRUE(WriteFile(folder.path() / "s.json", document.dump()).ok());
    EXPECT_EQ(ReadScore(folder.path() / "s.json").error().code, ErrorCode::kBadInput) << wrong;
  }
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
