// agreement-top1, cosine, sqnr: by hand from their formulas.
#include <cmath>

#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

Observation Beside(std::vector<float> output, std::vector<float> reference) {
  return {{Floats("y", output)}, {Floats("reference:y", reference)}};
}

TEST(AgreementTop1, CountsEqualDecisions) {
  const std::vector<Observation> observations = {
      Beside({1, 5, 2}, {0, 9, 1}), Beside({5, 1, 2}, {0, 9, 1}),
      Beside({4, 4, 1}, {7, 3, 1})};  // tie, lowest index: agrees
  const Score score = ScoreOf("agreement-top1", {}, observations);
  EXPECT_EQ(score.per_sample, (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(score.details.at("ties"), 1);
  EXPECT_EQ(score.interval.method, "Wilson");
}

TEST(AgreementTop1, SharesOfPositionsAlongAnAxis) {
  // [2, 3]: two positions of three classes; with axis 0 three positions of two.
  const Observation observation{{Array<float>("y", {1, 2, 3}, {1, 2, 3, 3, 2, 1})},
                                {Array<float>("reference:y", {2, 3}, {1, 2, 3, 1, 2, 3})}};
  EXPECT_EQ(ScoreOf("agreement-top1", {}, {observation}).value, 0.5);
  // Columns (1,3) (2,2) (3,1) decide 1, 0, 0; the baseline's (1,1) (2,2) (3,3) are ties: 0.
  EXPECT_NEAR(ScoreOf("agreement-top1", {{"axis", "0"}}, {observation}).value, 2.0 / 3, 1e-6);
  ExpectError(ErrorCode::kBadInput, "axis", "agreement-top1", {{"axis", "2"}}, {observation});
  // One value has no best class: no trivial agreement.
  ExpectError(ErrorCode::kBadInput, "cosine", "agreement-top1", {}, {Beside({1}, {2})});
}

TEST(Cosine, ByHand) {
  const Score score = ScoreOf(
      "cosine", {}, {Beside({3, 4}, {3, 4}), Beside({1, 0}, {0, 2}), Beside({3, 4}, {4, 3})});
  EXPECT_NEAR(score.value, (1 + 0 + 24.0 / 25) / 3, 1e-6);
  EXPECT_NEAR(score.details.at("output/y"), score.value, 1e-6);
  EXPECT_EQ(ScoreOf("cosine", {}, {Beside({0, 0}, {0, 0})}).value, 1);
  EXPECT_EQ(ScoreOf("cosine", {}, {Beside({0, 0}, {0, 1})}).value, 0);
  ExpectError(ErrorCode::kBadInput, "infinity", "cosine", {}, {Beside({INFINITY, 1}, {1, 1})});
}

TEST(Cosine, TheWorstOutputCounts) {
  const Observation observation{{Floats("a", {1, 0}), Floats("b", {3, 4})},
                                {Floats("reference:b", {4, 3}), Floats("reference:a", {1, 0})}};
  EXPECT_NEAR(ScoreOf("cosine", {}, {observation}).value, 0.96, 1e-6);
  EXPECT_EQ(ScoreOf("cosine", {{"output", "a"}}, {observation}).value, 1);
}

TEST(Sqnr, ByHandOverAllSamplesTogether) {
  // Signal 100 + 300, noise 1 + 3: 10 log10(100).
  const Score score =
      ScoreOf("sqnr", {}, {Beside({7, 8}, {6, 8}), Beside({11, 11, 11}, {10, 10, 10})});
  EXPECT_NEAR(score.value, 20, 1e-9);
  EXPECT_EQ(score.unit, "dB");
  EXPECT_TRUE(score.higher_is_better);
  EXPECT_EQ(score.details.at("identical_samples"), 0);
}

TEST(Sqnr, InfinitiesAreReported) {
  const Score equal = ScoreOf("sqnr", {}, {Beside({1, 2}, {1, 2}), Beside({3, 4}, {3, 4})});
  EXPECT_EQ(equal.value, INFINITY);
  EXPECT_EQ(equal.interval.low, INFINITY);
  EXPECT_EQ(equal.interval.high, INFINITY);
  EXPECT_EQ(equal.details.at("identical_samples"), 2);
  EXPECT_FALSE(equal.details.contains("output/y"));
  const auto test = Compare(equal, equal);
  ASSERT_TRUE(test.ok());
  EXPECT_EQ(test->difference, 0);
  EXPECT_EQ(ScoreOf("sqnr", {}, {Beside({1}, {0})}).value, -INFINITY);
  ExpectError(ErrorCode::kBadInput, "infinity", "sqnr", {}, {Beside({1}, {INFINITY})});
}

TEST(Agreement, RefusesWhatDoesNotFit) {
  for (const char* name : {"agreement-top1", "cosine", "sqnr"}) {
    ExpectError(ErrorCode::kBadInput, "no sample", name, {}, {});
    ExpectError(ErrorCode::kBadInput, "reference:y", name, {}, {{{Floats("y", {1, 2})}, {}}});
    ExpectError(ErrorCode::kBadInput, "the baseline's [3]", name, {}, {Beside({1, 2}, {1, 2, 3})});
    ExpectError(ErrorCode::kBadInput, "NaN", name, {}, {Beside({1, NAN}, {1, 2})});
    const auto is_it = [&](const MetricInfo& info) { return info.name == name; };
    EXPECT_FALSE(std::find_if(Table().begin(), Table().end(), is_it)->needs_labels);
  }
}

}  // namespace
}  // namespace edgeopt::metrics
