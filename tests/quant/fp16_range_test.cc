#include "quant/fp16_range.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "base/half.h"
#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

TEST(HalfArrays, EveryHalf) {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  OnEveryTarget([&] {
    std::vector<float> floats(halves.size());
    HalvesToFloats(halves, floats.data());
    std::vector<uint16_t> back(halves.size());
    FloatsToHalves(floats, back.data());
    for (size_t i = 0; i < halves.size(); ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(floats[i]), std::bit_cast<uint32_t>(HalfToFloat(halves[i])))
          << i;
      ASSERT_EQ(back[i], FloatToHalf(floats[i])) << i;
    }
  });
}

// Around every half: the float itself, its neighbours, the middle to the next half and the middle's
// neighbours; then random bit patterns, NaNs among them.
TEST(HalfArrays, RoundingIsThatOfBase) {
  std::vector<float> floats;
  for (uint32_t half = 0; half < 0x10000; half += 7) {
    const float value = HalfToFloat(static_cast<uint16_t>(half));
    const float middle = std::bit_cast<float>(std::bit_cast<uint32_t>(value) + 0x1000u);
    for (const float x : {value, middle})
      for (const int step : {-1, 0, 1})
        floats.push_back(
            std::bit_cast<float>(std::bit_cast<uint32_t>(x) + static_cast<uint32_t>(step)));
  }
  for (const float x : {65519.996f, 65520.0f, 65504.0f, 0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f,
                        1e-45f, 1e38f, std::numeric_limits<float>::infinity()}) {
    floats.push_back(x);
    floats.push_back(-x);
  }
  std::mt19937 random(5);
  for (int i = 0; i < 50001; ++i)
    floats.push_back(std::bit_cast<float>(static_cast<uint32_t>(random())));
  OnEveryTarget([&] {
    std::vector<uint16_t> halves(floats.size());
    FloatsToHalves(floats, halves.data());
    for (size_t i = 0; i < floats.size(); ++i)
      ASSERT_EQ(halves[i], FloatToHalf(floats[i])) << std::bit_cast<uint32_t>(floats[i]);
  });
}

TEST(HalfRange, CountsByHand) {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {0.0f,
                               -0.0f,
                               1.0f,
                               65504.0f,
                               65505.0f,
                               -1e30f,
                               infinity,
                               0x1p-14f,
                               0x1p-15f,
                               -0x1p-24f,
                               0x1p-25f,
                               1e-45f,
                               std::numeric_limits<float>::quiet_NaN()};
  OnEveryTarget([&] {
    const HalfRange range = MeasureHalfRange(values);
    EXPECT_EQ(range.count, 13u);
    EXPECT_EQ(range.nonfinite, 2u);
    EXPECT_EQ(range.overflow, 2u);
    EXPECT_EQ(range.subnormal, 2u);
    EXPECT_EQ(range.underflow, 2u);
    EXPECT_EQ(range.max_abs, 1e30f);
  });
  HalfRange merged = MeasureHalfRange(std::span(values).first(5));
  merged.Merge(MeasureHalfRange(std::span(values).subspan(5)));
  EXPECT_EQ(merged.count, 13u);
  EXPECT_EQ(merged.overflow, 2u);
  EXPECT_EQ(merged.max_abs, 1e30f);
}

TEST(HalfRange, OrdinaryValuesLoseNothing) {
  const HalfRange range = MeasureHalfRange(Bell(1000, 4));
  EXPECT_EQ(range.overflow + range.nonfinite, 0u);
  EXPECT_EQ(MeasureHalfRange({}).count, 0u);
}

}  // namespace
}  // namespace edgeopt::quant
