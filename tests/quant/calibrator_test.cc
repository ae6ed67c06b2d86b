#include "quant/calibrator.h"

#include <cmath>
#include <limits>
#include <random>

#include "quant/fake_quant.h"
#include "quant/observer.h"
#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

constexpr Scheme kUint8{QuantType::kUint8};
constexpr Scheme kInt8Full{QuantType::kInt8, true};

TensorStatistics Observed(const std::vector<float>& values, ObserverOptions options = {}) {
  Observer observer(options);
  observer.Observe(values);
  return observer.statistics();
}

Range Chosen(const std::string& name, const TensorStatistics& statistics,
             const CalibratorOptions& options = {}) {
  const auto calibrator = FindCalibrator(name);
  EXPECT_TRUE(calibrator.ok());
  const auto range = Calibrate(**calibrator, statistics, options);
  EXPECT_TRUE(range.ok());
  return *range;
}

TEST(Calibrator, TableHoldsEachFile) {
  std::vector<std::string> names;
  for (const Calibrator& calibrator : Table()) names.emplace_back(calibrator.name);
  EXPECT_EQ(names, (std::vector<std::string>{"average", "entropy", "minmax", "moving-average",
                                             "mse", "percentile"}));
}

TEST(Calibrator, UnknownNameListsTheKnown) {
  const auto result = FindCalibrator("minmx");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUsage);
  EXPECT_EQ(result.error().ToString(),
            "unknown calibrator 'minmx'; choose one of average, entropy, minmax, moving-average, "
            "mse, percentile");
}

TEST(Calibrator, EveryRangeHoldsZeroAndStaysInsideTheObserved) {
  for (const Calibrator& calibrator : Table()) {
    for (const std::string array : {"bell", "relu", "relu6", "tails", "shifted"}) {
      for (const Scheme& scheme : {kUint8, kInt8WeightScheme, Scheme{QuantType::kInt4, true},
                                   Scheme{QuantType::kUint16}}) {
        SCOPED_TRACE(std::string(calibrator.name) + " " + array);
        const TensorStatistics statistics = Observed(Array(array));
        const auto range = Calibrate(calibrator, statistics, {scheme});
        ASSERT_TRUE(range.ok());
        EXPECT_LE(range->min, 0);
        EXPECT_GE(range->max, 0);
        EXPECT_GE(range->min, std::min(statistics.min, 0.0f));
        EXPECT_LE(range->max, statistics.max);
        // Nothing sensible cuts off more than nine tenths of these.
        EXPECT_GE(range->max - range->min, (statistics.max - statistics.min) / 10);
        EXPECT_EQ(*Calibrate(calibrator, statistics, {scheme}), *range);
      }
    }
  }
}

TEST(Calibrator, DegenerateTensors) {
  for (const Calibrator& calibrator : Table()) {
    SCOPED_TRACE(calibrator.name);
    for (const Scheme& scheme : {kUint8, kInt8WeightScheme}) {
      const CalibratorOptions options{scheme};
      EXPECT_EQ(*Calibrate(calibrator, Observer().statistics(), options), (Range{0, 0}));
      const auto constant = [&](float value) {
        return *Calibrate(calibrator, Observed(std::vector<float>(100, value)), options);
      };
      EXPECT_EQ(constant(0), (Range{0, 0}));
      // One value: the bin that holds it ends within 1 / 2048 of it; the observed range cuts there.
      EXPECT_EQ(constant(6).min, 0);
      EXPECT_NEAR(constant(6).max, 6, 6.0 / 128);
      EXPECT_EQ(constant(-0.3f).max, 0);
      EXPECT_NEAR(constant(-0.3f).min, -0.3, 0.3 / 128);
      EXPECT_LE(constant(1e-40f).max, 1e-40f);
    }
  }
}

TEST(Calibrator, HistogramIsAskedForWhereItIsNeeded) {
  const TensorStatistics ranges_only = Observed(Array("bell"), {.histogram = false});
  for (const Calibrator& calibrator : Table()) {
    const auto result = Calibrate(calibrator, ranges_only, {});
    EXPECT_EQ(result.ok(), !calibrator.needs_histogram) << calibrator.name;
  }
}

TEST(MinMax, IsTheObservedRangeWithZero) {
  EXPECT_EQ(Chosen("minmax", Observed({-1.5f, 2})), (Range{-1.5f, 2}));
  EXPECT_EQ(Chosen("minmax", Observed({1, 2})), (Range{0, 2}));
  EXPECT_EQ(Chosen("minmax", Observed({-3, -2, -3.4e38f})), (Range{-3, 0}));
}

TEST(Average, OfBatchRanges) {
  Observer observer;
  observer.Observe(std::vector<float>{-1, 1});
  observer.Observe(std::vector<float>{-3, 2});
  EXPECT_EQ(Chosen("average", observer.statistics()), (Range{-2, 1.5f}));
  // 1 + 0.01 * (2 - 1)
  EXPECT_FLOAT_EQ(Chosen("moving-average", observer.statistics()).max, 1.01f);
  EXPECT_FLOAT_EQ(Chosen("moving-average", observer.statistics()).min, -1.02f);
}

TEST(Percentile, IsNumpysAndOnnxRuntimes) {
  for (const auto& row : Expected()["percentiles"]) {
    SCOPED_TRACE(row.dump());
    const TensorStatistics statistics = Observed(Array(row["array"].get<std::string>()));
    const double bin = statistics.histogram.width();
    CalibratorOptions options{kUint8, row["percentile"]};
    const Range range = Chosen("percentile", statistics, options);
    // Between the values one rank below and above the quantile; both programs place it there,
    // each with the precision of its bins.
    const auto expect_between = [](double value, const nlohmann::json& bracket, double precision) {
      EXPECT_GE(value, bracket[0].get<double>() - precision);
      EXPECT_LE(value, bracket[1].get<double>() + precision);
    };
    if (range.min < 0) expect_between(range.min, row["low"], bin);
    EXPECT_EQ(range.min < 0, row["low"][0].get<double>() < 0);
    expect_between(range.max, row["high"], bin);
    const double theirs = row["onnxruntime_bin"];
    expect_between(row["onnxruntime"][0], row["low"], theirs);
    expect_between(row["onnxruntime"][1], row["high"], theirs);
    options.scheme = kInt8WeightScheme;
    expect_between(Chosen("percentile", statistics, options).max, row["magnitude"], bin);
  }
}

TEST(Percentile, HundredIsTheWholeRangeAndNonsenseIsRefused) {
  const TensorStatistics statistics = Observed(Array("tails"));
  EXPECT_EQ(Chosen("percentile", statistics, {kUint8, 100}), statistics.range());
  for (const double percentile : {0.0, -1.0, 100.1, std::nan("")}) {
    const auto result = Calibrate(**FindCalibrator("percentile"), statistics, {kUint8, percentile});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kUsage);
  }
}

double Error(const std::vector<float>& values, Range range, const Scheme& scheme) {
  return QuantizationNoise(values, ParamsFor(range, scheme));
}

// ---- Entropy: the algorithm of the slides, written out with arrays for P and Q.

double PaperDivergence(const std::vector<double>& bins, size_t first, size_t last, size_t levels) {
  const size_t n = last - first;
  std::vector<double> p(bins.begin() + static_cast<ptrdiff_t>(first),
                        bins.begin() + static_cast<ptrdiff_t>(last));
  const std::vector<double> inside = p;
  // What saturates goes to the outermost bins that are not empty.
  size_t lowest = 0, highest = n - 1;
  while (lowest + 1 < n && inside[lowest] == 0) ++lowest;
  while (highest > 0 && inside[highest] == 0) --highest;
  for (size_t i = 0; i < first; ++i) p[lowest] += bins[i];
  for (size_t i = last; i < bins.size(); ++i) p[highest] += bins[i];
  std::vector<double> q(n, 0.0);
  for (size_t level = 0; level < levels; ++level) {
    double sum = 0;
    int filled = 0;
    for (size_t i = 0; i < n; ++i) {
      if (i * levels / n != level) continue;
      sum += inside[i];
      filled += inside[i] > 0;
    }
    for (size_t i = level * n / levels; i < n && i * levels / n <= level; ++i)
      if (i * levels / n == level && inside[i] > 0) q[i] = sum / filled;
  }
  double p_sum = 0, q_sum = 0;
  for (size_t i = 0; i < n; ++i) {
    p_sum += p[i];
    q_sum += q[i];
  }
  double divergence = 0;
  for (size_t i = 0; i < n; ++i) {
    if (p[i] == 0) continue;
    if (q[i] == 0) return std::numeric_limits<double>::infinity();
    divergence += p[i] / p_sum * std::log((p[i] / p_sum) / (q[i] / q_sum));
  }
  return divergence;
}

// All bins between the outermost filled ones, most negative first; by magnitude with `fold`.
std::vector<double> Row(const Histogram& histogram, bool fold, size_t& negative_bins) {
  const size_t negative = histogram.Used(true), positive = histogram.Used(false);
  std::vector<double> row(fold ? std::max(negative, positive) : negative + positive);
  negative_bins = fold ? 0 : negative;
  for (size_t i = 0; i < positive; ++i)
    row[negative_bins + i] += static_cast<double>(histogram.positive()[i]);
  for (size_t i = 0; i < negative; ++i)
    row[fold ? i : negative - 1 - i] += static_cast<double>(histogram.negative()[i]);
  return row;
}

// The reach (in bins) of the chosen range must be one with the smallest divergence of those whose
// squared error is not above the whole range's. The histogram knows the error to about 1 %, so what
// is that close may be taken or left. Levels of 4-bit types keep the brute force affordable; `step`
// thins it out.
void ExpectLeastDivergence(const std::vector<float>& values, const Scheme& scheme, size_t levels,
                           size_t step) {
  const TensorStatistics statistics = Observed(values);
  size_t negative = 0;
  const std::vector<double> bins = Row(statistics.histogram, scheme.symmetric, negative);
  const size_t positive = bins.size() - negative;
  const size_t longest = std::max(negative, positive);
  const auto divergence_at = [&](size_t reach) {
    const size_t first = negative - std::min(reach, negative);
    const size_t last = negative + std::min(reach, positive);
    return last - first < levels ? std::numeric_limits<double>::infinity()
                                 : PaperDivergence(bins, first, last, levels);
  };
  const double width = statistics.histogram.width();
  const auto range_at = [&](size_t reach) {
    const auto end = static_cast<float>((static_cast<double>(reach) + 0.5) * width);
    return Clamp({-end, end}, statistics.range());
  };
  const double error_of_whole = Error(values, WithZero(statistics.range()), scheme);
  const auto clearly_allowed = [&](size_t reach) {
    return Error(values, range_at(reach), scheme) < 0.98 * error_of_whole;
  };
  const Range range = Chosen("entropy", statistics, {scheme});
  const double reach_value = std::max(-double{range.min}, double{range.max});
  // (m + 0.5) * width, unless the observed range cuts it.
  const double in_bins = reach_value / width;
  const bool whole = range == Clamp(statistics.range(), statistics.range());
  const size_t chosen = whole ? longest : static_cast<size_t>(in_bins);
  if (!whole) {
    EXPECT_NEAR(in_bins, static_cast<double>(chosen) + 0.5, 1e-3);
  }
  const double at_chosen = divergence_at(chosen);
  // Every second window is a candidate, counted from the widest.
  EXPECT_EQ((longest - chosen) % 2, 0u);
  double least = std::numeric_limits<double>::infinity();
  const auto compete = [&](size_t reach) {
    if (clearly_allowed(reach)) least = std::min(least, divergence_at(reach));
  };
  for (size_t reach = longest; reach > 2 * step; reach -= 2 * step) compete(reach);
  for (size_t reach = chosen < 6 ? 2 : chosen - 4; reach <= std::min(chosen + 4, longest);
       reach += 2)
    compete(reach);
  EXPECT_LE(Error(values, range, scheme), 1.01 * error_of_whole);
  EXPECT_TRUE(std::isfinite(at_chosen));
  EXPECT_LE(at_chosen, least + 1e-9) << "reach " << chosen << " of " << longest;
}

TEST(Entropy, LeastDivergenceOfThePaperSymmetric) {
  // int8 in [-128, 127] has 256 levels, 128 of magnitude.
  ExpectLeastDivergence(Array("bell"), kInt8Full, 128, 97);
  ExpectLeastDivergence(Array("tails"), kInt8Full, 128, 97);
  ExpectLeastDivergence(Tails(3000, 77), {QuantType::kInt4, true}, 8, 7);
}

TEST(Entropy, LeastDivergenceOfThePaperAsymmetric) {
  ExpectLeastDivergence(Array("relu"), kUint8, 256, 197);
  ExpectLeastDivergence(Array("tails"), kUint8, 256, 197);
  ExpectLeastDivergence(Tails(3000, 78), {QuantType::kUint4}, 16, 17);
  auto skewed = Bell(5000, 79);
  for (float& value : skewed) value = value > 0 ? value * value : value / 8;
  ExpectLeastDivergence(skewed, {QuantType::kUint4}, 16, 17);
}

TEST(Entropy, CutsOffALonelyOutlierAndMinMaxDoesNot) {
  auto values = Bell(1000000, 3);
  values[500] = 40;
  const TensorStatistics statistics = Observed(values);
  EXPECT_LT(Chosen("entropy", statistics, {kInt8Full}).max, 10);
  EXPECT_EQ(Chosen("minmax", statistics, {kInt8Full}).max, 40);
}

// 1000 outliers of 40 between 100,000 values of about 1: cut off at 10 they cost 1000 * 30^2 =
// 9e5, kept whole each value costs at most (40 / 127)^2 / 4, 2.5e3 in all.
TEST(Entropy, KeepsOutliersThatCostMoreThanTheyTake) {
  auto values = Bell(100000, 4);
  for (size_t i = 0; i < 1000; ++i) values[i * 100] = 40;
  EXPECT_GT(Chosen("entropy", Observed(values), {kInt8Full}).max, 39);
}

TEST(Entropy, KeepsAFlatDistributionWhole) {
  std::vector<float> values;
  for (int i = 1; i <= 100000; ++i) values.push_back(static_cast<float>(i) / 100000);
  const TensorStatistics statistics = Observed(values);
  EXPECT_GE(Chosen("entropy", statistics, {kUint8}).max, 0.99f);
}

// The observer must give more bins than levels, or there is one candidate only.
TEST(Entropy, HasManyCandidates) {
  const TensorStatistics statistics = Observed(Array("tails"));
  EXPECT_NE(Chosen("entropy", statistics, {kUint8}), statistics.range());
}

// ---- Squared error: against errors of the values themselves, over a grid of ranges.

// The histogram knows values to a bin only, so the chosen range may lose to the best of the grid by
// what a bin of 1/16 of a step (8 bits) moves the error; 1 % is generous for these arrays.
void ExpectLeastError(const std::string& array, const Scheme& scheme) {
  SCOPED_TRACE(array + " " + std::string(Name(scheme.type)));
  const std::vector<float> values = Array(array);
  const TensorStatistics statistics = Observed(values);
  const double chosen = Error(values, Chosen("mse", statistics, {scheme}), scheme);
  double least = std::numeric_limits<double>::infinity();
  const Range whole = WithZero(statistics.range());
  for (double low = 0.02; low <= 1; low += 0.02) {
    for (double high = 0.02; high <= 1; high += 0.02) {
      const Range range{static_cast<float>(whole.min * low), static_cast<float>(whole.max * high)};
      least = std::min(least, Error(values, range, scheme));
      if (scheme.symmetric || whole.min == 0) break;
    }
    const Range joint{static_cast<float>(whole.min * low), static_cast<float>(whole.max * low)};
    least = std::min(least, Error(values, joint, scheme));
  }
  EXPECT_LE(chosen, least * 1.01);
  EXPECT_LE(chosen, Error(values, whole, scheme));
}

TEST(Mse, LeastSquaredErrorOfTheValues) {
  for (const std::string array : {"bell", "relu", "relu6", "tails", "shifted"}) {
    ExpectLeastError(array, kInt8WeightScheme);
    ExpectLeastError(array, {QuantType::kInt4, true, false, true});
  }
  for (const std::string array : {"relu", "relu6", "shifted"}) ExpectLeastError(array, kUint8);
  ExpectLeastError("tails", kUint8);
  ExpectLeastError("bell", {QuantType::kUint4});
}

TEST(Mse, WorkedByHand) {
  // 999 values spread evenly over (0, 1) and one of 100, for 16 levels. With the whole range the
  // step is 100 / 15, all small ones become zero: error about 999 / 3. Saturating at T costs
  // (100 - T)^2, far more: the whole range stays.
  std::vector<float> values;
  for (int i = 1; i < 1000; ++i) values.push_back(static_cast<float>(i) / 1000);
  values.push_back(100);
  EXPECT_NEAR(Chosen("mse", Observed(values), {{QuantType::kUint4}}).max, 100, 2);
  // An outlier of 3 among them costs (3 - T)^2 = 4 at most; the step of 3 / 15 costs
  // 1000 * 0.2^2 / 12 = 3.3, that of 1 / 15 only 0.37: half-way in between is best. The derivative
  // of 1000 (T / 15)^2 / 12 + (3 - T)^2 is zero at T = 3 / 1.37 = 2.19.
  values.back() = 3;
  EXPECT_NEAR(Chosen("mse", Observed(values), {{QuantType::kUint4}}).max, 2.19, 0.15);
}

}  // namespace
}  // namespace edgeopt::quant
