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

// An autoregressive series x[t] = phi x[t - 1] + noise, whose values are standard normal.
std::vector<double> Autoregressive(std::mt19937_64& engine, size_t count, double phi) {
  const auto normal = [&] {
    return NormalQuantile((static_cast<double>(engine() >> 11) + 0.5) * 0x1p-53);
  };
  std::vector<double> series = {normal()};
  while (series.size() < count)
    series.push_back(phi * series.back() + std::sqrt(1 - phi * phi) * normal());
  return series;
}

// Of many such series: the share of intervals that hold the true percentile, and their mean width.
struct Coverage {
  double in_time = 0, independent = 0;
  double in_time_width = 0, independent_width = 0;
};
Coverage CoverageOf(double phi, double p, size_t count) {
  std::mt19937_64 engine(5);
  const double truth = NormalQuantile(p / 100);
  constexpr int kRuns = 500;
  Coverage coverage;
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<double> series = Autoregressive(engine, count, phi);
    std::vector<double> sorted = series;
    std::sort(sorted.begin(), sorted.end());
    const Interval in_time = PercentileIntervalInTime(series, sorted, p);
    const Interval independent = PercentileInterval(sorted, p);
    coverage.in_time += (in_time.low <= truth && truth <= in_time.high) / double{kRuns};
    coverage.independent += (independent.low <= truth && truth <= independent.high) / double{kRuns};
    coverage.in_time_width += (in_time.high - in_time.low) / kRuns;
    coverage.independent_width += (independent.high - independent.low) / kRuns;
  }
  return coverage;
}
// Three standard deviations of the share of 500 below 95 %.
constexpr double kLeastCoverage = 0.921;

TEST(PercentileIntervalInTime, CoversIndependentValuesWithoutMuchMoreWidth) {
  for (const double p : {50, 95}) {
    const Coverage coverage = CoverageOf(0, p, 1000);
    EXPECT_GE(coverage.in_time, kLeastCoverage) << p;
    // At most what t_7 is above the normal quantile, 1.21, and the chance in eight batches.
    EXPECT_LE(coverage.in_time_width, 1.35 * coverage.independent_width) << p;
  }
}

// The values' correlation, 0.9 from one to the next, makes the median of 2000 as uncertain as that
// of a sixteenth of them; the old interval is then four times too narrow.
TEST(PercentileIntervalInTime, CoversValuesThatResembleTheirNeighbours) {
  const Coverage median = CoverageOf(0.9, 50, 2000);
  EXPECT_LE(median.independent, 0.6);
  EXPECT_GE(median.in_time, kLeastCoverage);
  const Coverage p95 = CoverageOf(0.9, 95, 2000);
  EXPECT_LE(p95.independent, 0.8);
  EXPECT_GE(p95.in_time, kLeastCoverage);
}

TEST(PercentileIntervalInTime, ConstantValuesHaveNoWidth) {
  const std::vector<double> same(1000, 3.5);
  const Interval interval = PercentileIntervalInTime(same, same, 50);
  EXPECT_EQ(interval.low, 3.5);
  EXPECT_EQ(interval.high, 3.5);
  EXPECT_EQ(interval.confidence, 0.95);
}

// By hand for 1 to 16 in order. Median: half of the batches lie below it, the variance of the mean
// share is 1/4 / 7, t_7(0.975) / z = 2.3646 / 1.9600, so 7 / 1.4555 = 4.8: four values, whose
// smallest and largest enclose a median with 1 - 2 / 2^4. 75 %: as many, and 1 - 0.75^4 - 0.25^4.
TEST(PercentileIntervalInTime, DriftIsWorthFewValues) {
  std::vector<double> rising(16);
  std::iota(rising.begin(), rising.end(), 1.0);
  for (const auto& [p, confidence] : {std::pair{50.0, 0.875}, std::pair{75.0, 0.6796875}}) {
    const Interval interval = PercentileIntervalInTime(rising, rising, p);
    EXPECT_EQ(interval.low, 1) << p;
    EXPECT_EQ(interval.high, 16) << p;
    EXPECT_NEAR(interval.confidence, confidence, 1e-12) << p;
    EXPECT_EQ(interval.method, "order statistics 1 and 16 of 16 that are worth 4");
  }
}

TEST(PercentileIntervalInTime, IsNeverNarrowerThanForIndependentValuesAndHoldsTheEstimate) {
  std::mt19937_64 engine(11);
  for (size_t count : {1, 15, 16, 17, 100, 333}) {
    for (const double phi : {0.0, 0.7, 0.99}) {
      const std::vector<double> series = Autoregressive(engine, count, phi);
      std::vector<double> sorted = series;
      std::sort(sorted.begin(), sorted.end());
      for (const double p : {50, 90, 95, 99}) {
        const Interval in_time = PercentileIntervalInTime(series, sorted, p);
        const Interval independent = PercentileInterval(sorted, p);
        EXPECT_LE(in_time.low, independent.low) << count << " " << p;
        EXPECT_GE(in_time.high, independent.high) << count << " " << p;
        EXPECT_LE(in_time.low, Percentile(sorted, p));
        EXPECT_GE(in_time.high, Percentile(sorted, p));
      }
    }
  }
  EXPECT_EQ(PercentileIntervalInTime({}, {}, 50).confidence, 0);
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
