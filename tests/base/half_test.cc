#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace edgeopt {
namespace {

// Known encodings of IEEE 754-2008 binary16.
TEST(Half, KnownValues) {
  const std::pair<float, uint16_t> known[] = {
      {0.0f, 0x0000},
      {-0.0f, 0x8000},
      {1.0f, 0x3C00},
      {-2.0f, 0xC000},
      {65504.0f, 0x7BFF},
      {0.333251953125f, 0x3555},
      {6.103515625e-05f, 0x0400},         // smallest normal, 2^-14
      {5.9604644775390625e-08f, 0x0001},  // smallest subnormal, 2^-24
      {std::numeric_limits<float>::infinity(), 0x7C00}};
  for (const auto& [value, bits] : known) {
    EXPECT_EQ(FloatToHalf(value), bits) << value;
    EXPECT_EQ(std::bit_cast<uint32_t>(HalfToFloat(bits)), std::bit_cast<uint32_t>(value));
  }
}

TEST(Half, EveryHalfSurvivesTheRoundTrip) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = HalfToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(HalfToFloat(FloatToHalf(value))));
    else
      EXPECT_EQ(FloatToHalf(value), bits);
  }
}

TEST(Half, RoundsToNearestEven) {
  EXPECT_EQ(FloatToHalf(1.0f + 0x1p-11f), 0x3C00);      // half way, down to even
  EXPECT_EQ(FloatToHalf(1.0f + 0x1.8p-10f), 0x3C02);    // half way, up to even
  EXPECT_EQ(FloatToHalf(1.0f + 0x1.004p-11f), 0x3C01);  // just above half way
  EXPECT_EQ(FloatToHalf(65519.0f), 0x7BFF);
  EXPECT_EQ(FloatToHalf(65520.0f), 0x7C00);  // half way to 65536: infinity
  EXPECT_EQ(FloatToHalf(0x1p-25f), 0x0000);  // half of the smallest, to even
  EXPECT_EQ(FloatToHalf(std::nextafter(0x1p-25f, 1.0f)), 0x0001);
}

TEST(Bfloat16, TruncatesWithRounding) {
  EXPECT_EQ(FloatToBfloat16(1.0f), 0x3F80);
  EXPECT_EQ(FloatToBfloat16(1.0f + 0x1p-8f), 0x3F80);    // half way, to even
  EXPECT_EQ(FloatToBfloat16(1.0f + 0x1.8p-7f), 0x3F82);  // half way, to even
  EXPECT_TRUE(
      std::isnan(Bfloat16ToFloat(FloatToBfloat16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(Bfloat16ToFloat(0x4049), 3.140625f);
}

}  // namespace
}  // namespace edgeopt
