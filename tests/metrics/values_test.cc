// rmse, mae, spearman, pearson, wer, cer: against SciPy and jiwer, and by hand.
#include <cmath>

#include "base/file.h"
#include "metrics/correlation.h"
#include "metrics/edit_distance.h"
#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

Observation Pair(float output, float target) {
  return {{Floats("y", {output})}, {Floats("target", {target})}};
}

TEST(ValueErrors, ByHand) {
  const std::vector<Observation> observations = {
      {{Floats("y", {1, 2, 3})}, {Floats("target", {1, 4, 3})}}, Pair(5, 2)};
  const Score rmse = ScoreOf("rmse", {{"unit", "mm"}}, observations);
  EXPECT_NEAR(rmse.value, std::sqrt((4.0 + 9) / 4), 1e-12);
  EXPECT_EQ(rmse.unit, "mm");
  EXPECT_FALSE(rmse.higher_is_better);
  EXPECT_NEAR(ScoreOf("mae", {}, observations).value, (2.0 + 3) / 4, 1e-12);
}

TEST(ValueErrors, RefusesWhatDoesNotFit) {
  ExpectError(ErrorCode::kBadInput, "number of elements", "rmse", {},
              {{{Floats("y", {1, 2})}, {Floats("target", {1})}}});
  ExpectError(ErrorCode::kBadInput, "NaN", "mae", {}, {Pair(NAN, 1)});
  ExpectError(ErrorCode::kBadInput, "target 'target' of sample 0 holds NaN", "mae", {},
              {Pair(1, NAN)});
  ExpectError(ErrorCode::kBadInput, "no target 'depth'", "mae", {{"target", "depth"}},
              {Pair(1, 1)});
  ExpectError(ErrorCode::kBadInput, "no sample", "rmse", {}, {});
  EXPECT_EQ(ScoreOf("mae", {}, {Pair(INFINITY, 1)}).value, INFINITY);
}

TEST(Correlation, AsScipyHasIt) {
  const auto& data = Expected()["correlation"];
  std::vector<Observation> observations;
  for (size_t i = 0; i < data["x"].size(); ++i)
    observations.push_back(Pair(data["x"][i], data["y"][i]));
  const Score spearman = ScoreOf("spearman", {}, observations);
  EXPECT_NEAR(spearman.value, data["spearman"], 1e-12);
  EXPECT_NEAR(ScoreOf("pearson", {}, observations).value, data["pearson"], 1e-12);
  EXPECT_EQ(AverageRanks(data["x"].get<std::vector<double>>()),
            data["ranks"].get<std::vector<double>>());
  EXPECT_LT(spearman.interval.low, spearman.value);
  EXPECT_GT(spearman.interval.high, spearman.value);
}

// A draw that takes a pair twice has the ranks of the sample with that pair written twice.
TEST(Correlation, WeightsCountAsRepetitions) {
  const std::vector<double> x = {1, 5, 2, 2}, y = {3, 1, 4, 2};
  const std::vector<double> repeated_x = {1, 1, 1, 2, 2}, repeated_y = {3, 3, 3, 4, 2};
  EXPECT_NEAR(PearsonCorrelation(x, y, std::vector<uint32_t>{3, 0, 1, 1}),
              PearsonCorrelation(repeated_x, repeated_y, std::vector<uint32_t>(5, 1)), 1e-12);
}

TEST(Correlation, OfEmbeddingPairs) {
  // Cosines 1, 0 and 1/sqrt(2), in the order of the targets' ranks 3, 1, 2.
  const auto embedding = [](std::vector<float> values, float target) {
    return Observation{{Floats("e", values)}, {Floats("target", {target})}};
  };
  const std::vector<Observation> observations = {embedding({1, 0}, 9), embedding({2, 0}, 0),
                                                 embedding({1, 0}, 1), embedding({0, 3}, 0),
                                                 embedding({1, 1}, 4), embedding({1, 0}, 0)};
  const Score score = ScoreOf("spearman", {{"prediction", "cosine"}}, observations);
  EXPECT_NEAR(score.value, 1, 1e-12);
  EXPECT_EQ(score.samples, 3);
  ExpectError(ErrorCode::kBadInput, "pair", "spearman", {{"prediction", "cosine"}},
              {observations[0]});
}

TEST(Correlation, PoolsTokensUnderTheMask) {
  const auto tokens = [](std::vector<float> values, float target) {
    return Observation{{Array<float>("e", {1, 2, 2}, values)},
                       {Floats("target", {target}), Array<int64_t>("attention_mask", {2}, {1, 0})}};
  };
  // The second token is padding: it would turn every cosine into the other order.
  const std::vector<Observation> observations = {tokens({1, 0, 0, 9}, 2), tokens({1, 0, 9, 0}, 0),
                                                 tokens({1, 0, 9, 9}, 1), tokens({0, 1, 9, 9}, 0)};
  const ParameterMap mean = {{"prediction", "cosine"}, {"pooling", "mean"}};
  EXPECT_NEAR(ScoreOf("spearman", mean, observations).value, 1, 1e-12);
  const ParameterMap first = {{"prediction", "cosine"}, {"pooling", "first"}};
  EXPECT_NEAR(ScoreOf("spearman", first, observations).value, 1, 1e-12);
}

TEST(Correlation, UndefinedForAConstantSide) {
  ExpectError(ErrorCode::kBadInput, "undefined", "spearman", {}, {Pair(0.1f, 1), Pair(0.1f, 2)});
  ExpectError(ErrorCode::kBadInput, "undefined", "pearson", {},
              {Pair(1, 0.1f), Pair(2, 0.1f), Pair(4, 0.1f)});
  ExpectError(ErrorCode::kBadInput, "prediction=cosine", "spearman", {},
              {{{Floats("y", {1, 2})}, {Floats("target", {1})}}});
}

Observation Reading(const std::string& found, const std::string& truth) {
  return {{Text("text_out", found)}, {Text("text", truth)}};
}

TEST(TextErrors, AsJiwerHasThem) {
  const auto& data = Expected()["text"];
  std::vector<Observation> observations;
  for (size_t i = 0; i < data["truth"].size(); ++i)
    observations.push_back(Reading(data["found"][i], data["truth"][i]));
  const Score wer = ScoreOf("wer", {}, observations);
  EXPECT_NEAR(wer.value, data["wer"], 1e-12);
  EXPECT_NEAR(ScoreOf("cer", {}, observations).value, data["cer"], 1e-12);
  EXPECT_FALSE(wer.higher_is_better);
  EXPECT_EQ(wer.details.at("exact_samples"), 0);
}

TEST(TextErrors, EditDistanceByHand) {
  const std::string kitten = "kitten", sitting = "sitting", empty;
  EXPECT_EQ(EditDistance(kitten, sitting), 3);
  EXPECT_EQ(EditDistance(sitting, kitten), 3);
  EXPECT_EQ(EditDistance(empty, kitten), 6);
  EXPECT_EQ(EditDistance(kitten, empty), 6);
  EXPECT_EQ(EditDistance(empty, empty), 0);
}

// Scores whose best classes are the given ones.
ir::Tensor Scores(const std::vector<int>& best, int classes, ir::Dims dims) {
  std::vector<float> values(best.size() * static_cast<size_t>(classes));
  for (size_t t = 0; t < best.size(); ++t)
    values[t * static_cast<size_t>(classes) + static_cast<size_t>(best[t])] = 1;
  return Array<float>("y", std::move(dims), values);
}

TEST(TextErrors, GreedyCtcMergesRepeatsThenDropsBlanks) {
  // Blank 0; 1 h, 2 e, 3 l, 4 o: "hh_e_l_ll_oo" reads "hello".
  const std::vector<int> path = {1, 1, 0, 2, 0, 3, 0, 3, 3, 0, 4, 4};
  const ParameterMap parameters = {{"alphabet", "helo"}};
  for (const ir::Dims& dims : {ir::Dims{12, 5}, ir::Dims{1, 12, 5}, ir::Dims{12, 1, 5}}) {
    const Observation observation{{Scores(path, 5, dims)}, {Text("text", "hello")}};
    EXPECT_EQ(ScoreOf("cer", parameters, {observation}).value, 0);
  }
  // The same with the blank last.
  const std::vector<int> last = {0, 0, 4, 1, 4, 2, 4, 2, 2, 4, 3, 3};
  EXPECT_EQ(ScoreOf("cer", {{"alphabet", "helo"}, {"blank", "last"}},
                    {{{Scores(last, 5, {12, 5})}, {Text("text", "hello")}}})
                .value,
            0);
  const Observation indices{{Array<int64_t>("y", {1, 4}, {1, 2, 2, 0})}, {Text("text", "he")}};
  EXPECT_EQ(ScoreOf("cer", parameters, {indices}).value, 0);
}

TEST(TextErrors, AlphabetFromAFileWithASpace) {
  const auto folder = TemporaryFolder::Create().value();
  const auto path = folder.path() / "alphabet.txt";
  ASSERT_TRUE(WriteFile(path, "\xC3\xBC\r\n\xE6\x9D\xB1\nz").ok());
  const Observation observation{{Scores({1, 4, 2, 0, 2, 3}, 5, {6, 5})},
                                {Text("text", "\xC3\xBC \xE6\x9D\xB1\xE6\x9D\xB1x")}};
  const ParameterMap parameters = {{"alphabet_file", path.string()}, {"append_space", "true"}};
  EXPECT_NEAR(ScoreOf("cer", parameters, {observation}).value, 1.0 / 5, 1e-12);
  EXPECT_NEAR(ScoreOf("wer", parameters, {observation}).value, 1.0 / 2, 1e-12);
  EXPECT_EQ(Make("cer", {{{"alphabet_file", "/nowhere/a.txt"}}}).error().code,
            ErrorCode::kUnavailable);
}

TEST(TextErrors, RefusesWhatDoesNotFit) {
  const Observation scores{{Scores({1, 2}, 4, {2, 4})}, {Text("text", "ab")}};
  ExpectError(ErrorCode::kUsage, "alphabet", "cer", {}, {scores});
  ExpectError(ErrorCode::kBadInput, "C = 3", "cer", {{"alphabet", "ab"}}, {scores});
  ExpectError(ErrorCode::kBadInput, "class 7", "cer", {{"alphabet", "ab"}},
              {{{Array<int64_t>("y", {2}, {7, 1})}, {Text("text", "ab")}}});
  ExpectError(ErrorCode::kBadInput, "all transcripts are empty", "wer", {}, {Reading("a", " ")});
  ExpectError(ErrorCode::kBadInput, "no target 'text'", "wer", {}, {{{Text("y", "a")}, {}}});
  ExpectError(ErrorCode::kBadInput, "no sample", "wer", {}, {});
}

}  // namespace
}  // namespace edgeopt::metrics
