#include "base/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

namespace edgeopt {
namespace {

// What SciPy, statsmodels and NumPy say (data/generate.py).
const nlohmann::json& Expected() {
  static const nlohmann::json expected =
      nlohmann::json::parse(std::ifstream(EDGEOPT_SOURCE_DIR "/tests/base/data/statistics.json"));
  return expected;
}

// Relative 1e-9: the formulas lose a few of 16 digits, for counts up to a million.
void ExpectClose(double found, double expected) {
  EXPECT_NEAR(found, expected, 1e-9 * std::max(1e-300, std::abs(expected)));
}

TEST(Statistics, DistributionsAsScipyHasThem) {
  for (const auto& row : Expected()["normal_quantile"]) {
    const double quantile = row[1];
    EXPECT_NEAR(NormalQuantile(row[0]), quantile, 1e-12 * std::abs(quantile));
  }
  for (const auto& row : Expected()["student_quantile"])
    ExpectClose(StudentQuantile(row[0], row[1]), row[2]);
  for (const auto& row : Expected()["binomial_cdf"])
    ExpectClose(BinomialCdf(row[0], row[1], row[2]), row[3]);
  for (const auto& row : Expected()["binomial_quantile"])
    EXPECT_EQ(BinomialQuantile(row[0], row[1], row[2]), row[3].get<int64_t>());
}

TEST(Statistics, EndsOfTheDistributions) {
  EXPECT_EQ(NormalQuantile(0), -INFINITY);
  EXPECT_EQ(NormalQuantile(1), INFINITY);
  EXPECT_TRUE(std::isnan(NormalQuantile(1.5)));
  EXPECT_EQ(BinomialCdf(-1, 10, 0.5), 0);
  EXPECT_EQ(BinomialCdf(10, 10, 0.5), 1);
  EXPECT_EQ(BinomialCdf(3, 10, 0), 1);
  EXPECT_EQ(BinomialCdf(3, 10, 1), 0);
}

TEST(Statistics, WilsonAndTheSignTestAsStatsmodelsHasThem) {
  for (const auto& row : Expected()["wilson"]) {
    const Interval interval = WilsonInterval(row[0], row[1], row[2]);
    EXPECT_NEAR(interval.low, row[3], 1e-12);
    EXPECT_NEAR(interval.high, row[4], 1e-12);
  }
  for (const auto& row : Expected()["sign_test"]) ExpectClose(SignTest(row[0], row[1]), row[2]);
  EXPECT_EQ(SignTest(0, 0), 1);
  const Interval nothing = WilsonInterval(0, 0);
  EXPECT_EQ(nothing.low, 0);
  EXPECT_EQ(nothing.high, 1);
}

TEST(Statistics, PercentileAsNumpyHasIt) {
  const std::vector<double> values = Expected()["percentile"]["values"];
  for (const auto& row : Expected()["percentile"]["expected"])
    EXPECT_NEAR(Percentile(values, row[0]), row[1], 1e-12);
  EXPECT_TRUE(std::isnan(Percentile({}, 50)));
  EXPECT_EQ(Percentile(std::vector<double>{1, INFINITY, INFINITY}, 75), INFINITY);
}

TEST(Statistics, PercentileIntervalTakesTheRanksOfTheDefinition) {
  for (const auto& row : Expected()["percentile_ranks"]) {
    std::vector<double> values(row[0].get<size_t>());
    std::iota(values.begin(), values.end(), 1.0);  // the value is its rank
    const Interval interval = PercentileInterval(values, row[1]);
    EXPECT_EQ(interval.low, row[2]) << row;
    EXPECT_EQ(interval.high, row[3]) << row;
    EXPECT_NEAR(interval.confidence, row[4], 1e-12) << row;
  }
}

// Of many samples from a known distribution, at least 95 % of the intervals hold the true value.
TEST(Statistics, PercentileIntervalCovers) {
  std::mt19937_64 engine(3);
  int held = 0;
  constexpr int kRuns = 2000;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> values(200);
    for (double& value : values) value = static_cast<double>(engine() >> 11) * 0x1p-53;
    std::sort(values.begin(), values.end());
    const Interval interval = PercentileInterval(values, 90);
    held += interval.low <= 0.9 && 0.9 <= interval.high;
  }
  // Three standard deviations of the count below 95 %.
  EXPECT_GE(held, kRuns * 0.95 - 3 * std::sqrt(kRuns * 0.95 * 0.05));
}

TEST(Statistics, PairedRatioIgnoresCommonDriftAndOutliers) {
  std::vector<double> a, b;
  for (int i = 0; i < 41; ++i) {
    const double drift = 1 + i * 0.5;
    a.push_back(2 * drift * (1 + 0.001 * (i % 5)));
    b.push_back(drift);
  }
  a[7] *= 100;
  const RatioEstimate estimate = PairedRatioInterval(a, b);
  EXPECT_NEAR(estimate.ratio, 2.004, 0.002);
  EXPECT_GE(estimate.interval.low, 2.0 - 1e-12);
  EXPECT_LE(estimate.interval.high, 2.008 + 1e-12);
  EXPECT_LE(estimate.interval.low, estimate.ratio);
  EXPECT_GE(estimate.interval.high, estimate.ratio);
  EXPECT_EQ(estimate.interval.confidence, 0.95);
}

TEST(Statistics, ThreePairsHoldNoInterval) {
  const RatioEstimate estimate =
      PairedRatioInterval(std::vector<double>{2, 2, 2}, std::vector<double>{1, 1, 1});
  EXPECT_DOUBLE_EQ(estimate.ratio, 2);
  EXPECT_DOUBLE_EQ(estimate.interval.confidence, 0.75);  // 1 - 2 / 2^3
}

TEST(Bootstrap, DrawsAreUniformAndRepeatable) {
  Resampler one(7), other(7), third(7, 99);
  std::vector<uint64_t> totals(7);
  bool seed_matters = false;
  constexpr int kDraws = 70000;
  for (int i = 0; i < kDraws; ++i) {
    const auto counts = one.Next();
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0u), 7u);
    EXPECT_TRUE(std::ranges::equal(counts, other.Next()));
    seed_matters = seed_matters || !std::ranges::equal(counts, third.Next());
    for (size_t k = 0; k < 7; ++k) totals[k] += counts[k];
  }
  EXPECT_TRUE(seed_matters);
  // Each total is binomial(7 kDraws, 1/7): five standard deviations.
  for (const uint64_t total : totals)
    EXPECT_NEAR(static_cast<double>(total), kDraws, 5 * std::sqrt(kDraws * 6.0 / 7));
}

// For a mean, the bootstrap's interval is mean +- 1.96 standard errors (central limit theorem).
TEST(Bootstrap, IntervalOfAMean) {
  std::vector<double> values(400);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 37 % 400);
  const auto mean = [](std::span<const double> drawn) {
    return std::accumulate(drawn.begin(), drawn.end(), 0.0) / static_cast<double>(drawn.size());
  };
  const double standard_error = std::sqrt((400.0 * 400 - 1) / 12 / 400);
  const Interval interval = BootstrapInterval(values, mean);
  EXPECT_NEAR(interval.low, 199.5 - 1.96 * standard_error, 0.15 * standard_error);
  EXPECT_NEAR(interval.high, 199.5 + 1.96 * standard_error, 0.15 * standard_error);
  EXPECT_EQ(BootstrapInterval(values, mean).low, interval.low);
  EXPECT_EQ(interval.method, "bootstrap, 2000 resamples");
}

// The formula by SciPy's normal distribution and NumPy's percentiles.
TEST(Bootstrap, BiasCorrectedInterval) {
  const std::vector<double> replicates = Expected()["bias_corrected"]["replicates"];
  for (const auto& row : Expected()["bias_corrected"]["expected"]) {
    const Interval interval = BiasCorrectedInterval(replicates, row[0]);
    EXPECT_NEAR(interval.low, row[1], 1e-12);
    EXPECT_NEAR(interval.high, row[2], 1e-12);
    EXPECT_LE(interval.low, row[0].get<double>());
    EXPECT_GE(interval.high, row[0].get<double>());
  }
  // No bias: the percentile interval. All replicates equal: no width.
  const Interval plain = BootstrapInterval(replicates);
  EXPECT_NEAR(BiasCorrectedInterval(replicates, replicates[100]).low, plain.low, 1e-12);
  EXPECT_EQ(BiasCorrectedInterval({2, 2, 2}, 2).low, 2);
  EXPECT_EQ(BiasCorrectedInterval({2, 2, 2}, 2).high, 2);
  // Far off, the interval ends at the extreme replicates.
  EXPECT_NEAR(BiasCorrectedInterval({1, 2, 3}, 9).high, 3, 1e-3);
  EXPECT_EQ(BiasCorrectedInterval({NAN}, 9).confidence, 0);
}

TEST(Bootstrap, UndefinedReplicatesAreLeftOut) {
  const Interval interval = BootstrapInterval(std::vector<double>{3, NAN, 1, NAN, 2}, 0.95);
  EXPECT_GE(interval.low, 1);
  EXPECT_LE(interval.high, 3);
  EXPECT_EQ(interval.method, "bootstrap, 3 resamples");
}

}  // namespace
}  // namespace edgeopt
