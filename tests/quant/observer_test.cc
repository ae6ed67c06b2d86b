#include "quant/observer.h"

#include <cmath>
#include <limits>
#include <random>

#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The definition of statistics.h in plain scalar code, with the final exponent known beforehand.
TensorStatistics Reference(const std::vector<float>& values) {
  TensorStatistics expected;
  expected.has_histogram = true;
  float largest = 0;
  double min = kInfinity, max = -kInfinity;
  for (const float x : values) {
    if (std::isnan(x) || std::isinf(x)) {
      ++expected.nonfinite;
    } else if (std::abs(x) >= 1e30f) {
      ++expected.extreme;
    } else {
      ++expected.count;
      expected.zeros += x == 0;
      largest = std::max(largest, std::abs(x));
      min = std::min<double>(min, x);
      max = std::max<double>(max, x);
    }
  }
  if (expected.count == 0) return expected;
  expected.min = static_cast<float>(min);
  expected.max = static_cast<float>(max);
  int exponent = Histogram::kMinExponent;
  while (std::ldexp(1.0, exponent) <= largest) ++exponent;
  expected.histogram.Grow(exponent);
  for (const float x : values) {
    if (x == 0 || !(std::abs(x) < 1e30f)) continue;
    const double bin = std::floor(std::abs(double{x}) * 4096 / std::ldexp(1.0, exponent));
    ++expected.histogram.MutableSide(x < 0)[static_cast<size_t>(bin)];
  }
  return expected;
}

void ExpectSame(const TensorStatistics& actual, const TensorStatistics& expected) {
  EXPECT_EQ(actual.min, expected.min);
  EXPECT_EQ(actual.max, expected.max);
  EXPECT_EQ(actual.count, expected.count);
  EXPECT_EQ(actual.zeros, expected.zeros);
  EXPECT_EQ(actual.nonfinite, expected.nonfinite);
  EXPECT_EQ(actual.extreme, expected.extreme);
  EXPECT_EQ(actual.has_histogram, expected.has_histogram);
  EXPECT_EQ(actual.histogram.exponent(), expected.histogram.exponent());
  EXPECT_TRUE(actual.histogram == expected.histogram);
}

TensorStatistics Observed(const std::vector<float>& values, ObserverOptions options = {}) {
  Observer observer(options);
  observer.Observe(values);
  return observer.statistics();
}

// Values over many magnitudes, with zeros of both signs.
std::vector<float> Wild(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    const uint32_t kind = random() % 16;
    const float mantissa = static_cast<float>(random() % 65536) / 65536.0f + 0.5f;
    const float magnitude = std::ldexp(mantissa, static_cast<int>(random() % 24) - 12);
    value = kind == 0 ? 0.0f : kind == 1 ? -0.0f : kind % 2 == 0 ? magnitude : -magnitude;
  }
  return values;
}

TEST(Observer, WorkedByHand) {
  const TensorStatistics seen = Observed({-1.5f, 0.0f, 3.0f, 0.75f, -0.0f, 0.7504f});
  EXPECT_EQ(seen.min, -1.5f);
  EXPECT_EQ(seen.max, 3.0f);
  EXPECT_EQ(seen.count, 6u);
  EXPECT_EQ(seen.zeros, 2u);
  EXPECT_DOUBLE_EQ(seen.zero_ratio(), 2.0 / 6);
  // 3 < 4 = 2^2: bins of 4 / 4096 = 2^-10.
  const Histogram& histogram = seen.histogram;
  EXPECT_EQ(histogram.exponent(), 2);
  EXPECT_EQ(histogram.width(), 0x1p-10);
  EXPECT_EQ(histogram.positive()[3 * 1024], 1u);
  EXPECT_EQ(histogram.positive()[768], 2u);
  EXPECT_EQ(histogram.negative()[1536], 1u);
  EXPECT_EQ(histogram.Used(false), 3u * 1024 + 1);
  EXPECT_EQ(histogram.Used(true), 1537u);
}

TEST(Observer, EqualsTheScalarDefinitionOnEveryInstructionSet) {
  OnEveryTarget([] {
    for (const size_t count : {1,  2,    3,    7,    15,   16,   17,   31,   33,    63,
                               65, 1000, 4095, 4096, 4097, 8191, 8192, 8193, 12289, 70001}) {
      SCOPED_TRACE(count);
      const auto wild = Wild(count, static_cast<uint32_t>(count));
      ExpectSame(Observed(wild), Reference(wild));
      auto relu = wild;
      for (float& value : relu) value = std::max(value, 0.0f);
      ExpectSame(Observed(relu), Reference(relu));
      std::vector<float> negated = relu;
      for (float& value : negated) value = -value;
      ExpectSame(Observed(negated), Reference(negated));
    }
  });
}

TEST(Observer, ConstantAndZeroTensors) {
  OnEveryTarget([] {
    for (const size_t count : {5, 9000}) {
      for (const float value : {0.0f, -0.0f, 6.0f, -1.0f, 1e-45f, 1e-38f, 0x1p-101f, 0x1p-100f}) {
        SCOPED_TRACE(value);
        const std::vector<float> values(count, value);
        ExpectSame(Observed(values), Reference(values));
      }
    }
  });
}

TEST(Observer, MinusZeroIsZero) {
  EXPECT_FALSE(std::signbit(Observed({-0.0f}).min));
  EXPECT_FALSE(std::signbit(Observed({-0.0f}).max));
}

TEST(Observer, KeepsMasksAndNonFiniteValuesOut) {
  OnEveryTarget([] {
    for (const size_t count : {20, 5000, 20000, 140000}) {
      auto values = Wild(count, 7);
      values[0] = kNan;
      values[count / 2] = -std::numeric_limits<float>::max();
      values[count / 2 + 1] = kInfinity;
      values[count / 3] = 1e30f;
      values[count / 4] = -1e30f;
      values[count - 1] = -kInfinity;
      values[count / 5] = std::nextafter(1e30f, 0.0f);  // the largest value accepted
      ExpectSame(Observed(values), Reference(values));
      const TensorStatistics seen = Observed(values);
      EXPECT_EQ(seen.nonfinite, 3u);
      EXPECT_EQ(seen.extreme, 3u);
      EXPECT_EQ(seen.max, std::nextafter(1e30f, 0.0f));
      ExpectSame(Observed(values, {.histogram = false}), [&] {
        TensorStatistics expected = Reference(values);
        expected.has_histogram = false;
        expected.histogram = Histogram();
        return expected;
      }());
    }
  });
}

TEST(Observer, NothingToAccept) {
  Observer observer;
  observer.Observe({});
  const std::vector<float> bad = {kNan, -kInfinity, -3.4e38f};
  observer.Observe(bad);
  EXPECT_EQ(observer.statistics().count, 0u);
  EXPECT_EQ(observer.statistics().batches.batches, 0u);
  EXPECT_EQ(observer.statistics().nonfinite, 2u);
  EXPECT_EQ(observer.statistics().extreme, 1u);
  EXPECT_EQ(observer.statistics().range(), (Range{0, 0}));
  observer.Observe(std::vector<float>{2.0f, 3.0f});
  EXPECT_EQ(observer.statistics().range(), (Range{2, 3}));
}

TEST(Observer, GrowthKeepsCountsAndResolution) {
  Observer observer;
  std::vector<float> all;
  for (int exponent = -120; exponent <= 98; exponent += 3) {
    auto values = Bell(300, static_cast<uint32_t>(exponent + 500));
    for (float& value : values) value = std::ldexp(value, exponent - 2);
    observer.Observe(values);
    all.insert(all.end(), values.begin(), values.end());
    ExpectSame(observer.statistics(), Reference(all));
    const Histogram& histogram = observer.statistics().histogram;
    const float largest = std::max(-observer.statistics().min, observer.statistics().max);
    if (largest >= 0x1p-101f) {
      EXPECT_GE(std::max(histogram.Used(true), histogram.Used(false)), Histogram::kBins / 2);
    }
  }
}

TEST(Observer, StatisticsDependNeitherOnOrderNorOnSplit) {
  const auto values = Wild(30000, 11);
  const TensorStatistics whole = Observed(values);
  auto reversed = values;
  std::reverse(reversed.begin(), reversed.end());
  ExpectSame(Observed(reversed), whole);
  for (const size_t piece : {1000, 8191, 15000}) {
    Observer even, odd;
    for (size_t i = 0, k = 0; i < values.size(); i += piece, ++k)
      (k % 2 == 0 ? even : odd)
          .Observe(std::span(values).subspan(i, std::min(piece, values.size() - i)));
    even.Merge(odd);
    ExpectSame(even.statistics(), whole);
  }
}

TEST(Observer, MergeWithNothing) {
  const auto values = Wild(100, 3);
  Observer empty, full;
  full.Observe(values);
  empty.Merge(full);
  ExpectSame(empty.statistics(), Reference(values));
  full.Merge(Observer());
  ExpectSame(full.statistics(), Reference(values));
  full.Merge(Observer({.histogram = false}));
  EXPECT_FALSE(full.statistics().has_histogram);
  EXPECT_TRUE(full.statistics().histogram == Histogram());
}

TEST(Observer, BatchRangesAreOnnxRuntimes) {
  Observer observer;
  for (uint32_t seed = 10; seed < 17; ++seed) {
    auto batch = Bell(50, seed);
    for (float& value : batch) value *= static_cast<float>(1 + seed % 3);
    observer.Observe(batch);
  }
  const BatchRanges& batches = observer.statistics().batches;
  ASSERT_EQ(batches.batches, 7u);
  const auto& expected = Expected()["moving_average"];
  EXPECT_NEAR(batches.sum_min / 7, expected["one_call"][0].get<double>(), 1e-6);
  EXPECT_NEAR(batches.sum_max / 7, expected["one_call"][1].get<double>(), 1e-6);
  EXPECT_NEAR(batches.moving_min, expected["call_for_each"][0].get<double>(), 1e-6);
  EXPECT_NEAR(batches.moving_max, expected["call_for_each"][1].get<double>(), 1e-6);
}

TEST(Observer, MergedMovingAverageIsThatOfTheConcatenation) {
  Observer whole, first, second;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    auto batch = Bell(64, seed);
    for (float& value : batch) value *= static_cast<float>(1 + seed % 7);
    whole.Observe(batch);
    (seed < 15 ? first : second).Observe(batch);
  }
  first.Merge(second);
  const BatchRanges& merged = first.statistics().batches;
  const BatchRanges& expected = whole.statistics().batches;
  EXPECT_EQ(merged.batches, expected.batches);
  EXPECT_NEAR(merged.moving_min, expected.moving_min, 1e-12);
  EXPECT_NEAR(merged.moving_max, expected.moving_max, 1e-12);
  EXPECT_NEAR(merged.sum_min, expected.sum_min, 1e-9);
  EXPECT_NEAR(merged.sum_max, expected.sum_max, 1e-9);
  EXPECT_EQ(merged.first_min, expected.first_min);
}

// numpy agrees with the arrays that the other tests compare results on.
TEST(TestData, SameArraysAsTheGenerator) {
  for (const auto& [name, sum] : Expected()["array_sums"].items()) {
    double total = 0;
    for (const float value : Array(name)) total += value;
    EXPECT_NEAR(total, sum.get<double>(), 1e-9) << name;
  }
}

}  // namespace
}  // namespace edgeopt::quant
