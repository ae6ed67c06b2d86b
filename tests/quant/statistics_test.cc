#include "quant/statistics.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace edgeopt::quant {
namespace {

TEST(Range, WithZeroAndClamp) {
  EXPECT_EQ(WithZero({1, 2}), (Range{0, 2}));
  EXPECT_EQ(WithZero({-2, -1}), (Range{-2, 0}));
  EXPECT_EQ(Clamp({-3, 8}, {0, 6}), (Range{0, 6}));
  EXPECT_EQ(Clamp({1, 5}, {0, 6}), (Range{0, 5}));
  EXPECT_EQ(Clamp({7, 9}, {0, 6}), (Range{0, 6}));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Clamp({-3, 8}, {0, kInfinity}), (Range{0, 8}));
}

TEST(Range, RelativeDifference) {
  EXPECT_EQ(RelativeDifference({-1, 3}, {-1, 3}), 0);
  EXPECT_DOUBLE_EQ(RelativeDifference({-1, 3}, {-1, 2}), 0.25);
  EXPECT_DOUBLE_EQ(RelativeDifference({-2, 2}, {-1, 3}), 0.25);
  EXPECT_DOUBLE_EQ(RelativeDifference({0, 0}, {0, 2}), 1);
  EXPECT_EQ(RelativeDifference({0, 0}, {0, 0}), 0);
}

TEST(Histogram, ExponentIsTheSmallestPowerAbove) {
  EXPECT_EQ(Histogram::ExponentFor(1.0f), 1);
  EXPECT_EQ(Histogram::ExponentFor(0.99f), 0);
  EXPECT_EQ(Histogram::ExponentFor(6.0f), 3);
  EXPECT_EQ(Histogram::ExponentFor(8.0f), 4);
  EXPECT_EQ(Histogram::ExponentFor(0.0f), -100);
  EXPECT_EQ(Histogram::ExponentFor(1e-45f), -100);
  EXPECT_EQ(Histogram::ExponentFor(9.99e29f), Histogram::kMaxExponent);
}

TEST(Histogram, GrowMergesNeighbours) {
  Histogram histogram;
  histogram.Grow(0);
  std::iota(histogram.MutableSide(false).begin(), histogram.MutableSide(false).end(), uint64_t{0});
  histogram.Grow(2);
  EXPECT_EQ(histogram.exponent(), 2);
  EXPECT_EQ(histogram.positive()[0], 0u + 1 + 2 + 3);
  EXPECT_EQ(histogram.positive()[1023], 4092u + 4093 + 4094 + 4095);
  EXPECT_EQ(histogram.Used(false), 1024u);
  EXPECT_TRUE(histogram.negative().empty());
  histogram.Grow(1);  // it never shrinks
  EXPECT_EQ(histogram.exponent(), 2);
  histogram.Grow(90);  // all into the first bin
  EXPECT_EQ(histogram.Used(false), 1u);
  EXPECT_EQ(histogram.positive()[0], uint64_t{4095} * 4096 / 2);
}

TEST(Histogram, MergeTakesTheWiderBins) {
  Histogram narrow, wide;
  narrow.Grow(0);
  narrow.MutableSide(true)[4095] = 5;
  wide.Grow(3);
  wide.MutableSide(true)[511] = 2;
  wide.MutableSide(false)[1] = 1;
  Histogram other_way = wide;
  other_way.Merge(narrow);
  narrow.Merge(wide);
  EXPECT_TRUE(narrow == other_way);
  EXPECT_EQ(narrow.exponent(), 3);
  EXPECT_EQ(narrow.negative()[511], 7u);
  EXPECT_EQ(narrow.positive()[1], 1u);
}

}  // namespace
}  // namespace edgeopt::quant
