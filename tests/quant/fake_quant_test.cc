#include "quant/fake_quant.h"

#include <cmath>
#include <limits>

#include "quant/test_data.h"

namespace edgeopt::quant {
namespace {

// Ordinary values, ties (odd multiples of half a scale), and everything that is special.
std::vector<float> Inputs(float scale) {
  std::vector<float> values = Bell(1003, 9);
  for (int i = -600; i <= 600; ++i) values.push_back(static_cast<float>(i) * scale / 2);
  const float special[] = {0.0f, -0.0f, 1e30f, -1e30f, 1e-45f, std::numeric_limits<float>::max()};
  values.insert(values.end(), std::begin(special), std::end(special));
  values.push_back(std::numeric_limits<float>::infinity());
  values.push_back(-std::numeric_limits<float>::infinity());
  values.push_back(std::numeric_limits<float>::quiet_NaN());
  return values;
}

template <typename T>
void ExpectEqualsScalar(const Scheme& scheme, Range range) {
  const QuantParams params = ParamsFor(range, scheme);
  const std::vector<float> inputs = Inputs(params.scale);
  std::vector<T> quantized(inputs.size());
  std::vector<float> back(inputs.size()), fake(inputs.size());
  QuantizeArray(inputs, params, quantized.data());
  DequantizeArray(quantized, params, back.data());
  FakeQuantize(inputs, params, fake.data());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int32_t expected = QuantizeValue(inputs[i], params);
    ASSERT_EQ(quantized[i], expected) << inputs[i];
    const float value = DequantizeValue(expected, params);
    ASSERT_EQ(std::bit_cast<uint32_t>(back[i]), std::bit_cast<uint32_t>(value)) << inputs[i];
    ASSERT_EQ(std::bit_cast<uint32_t>(fake[i]), std::bit_cast<uint32_t>(value)) << inputs[i];
  }
}

TEST(FakeQuant, ArraysEqualScalarsOnEveryInstructionSet) {
  OnEveryTarget([] {
    for (const Range range : {Range{-1, 3}, Range{0, 6}, Range{-2.5f, 2.5f}, Range{-0.3f, 0}}) {
      ExpectEqualsScalar<uint8_t>({QuantType::kUint8}, range);
      ExpectEqualsScalar<uint8_t>({QuantType::kUint4}, range);
      ExpectEqualsScalar<uint8_t>({QuantType::kUint8, true}, range);
      ExpectEqualsScalar<int8_t>({QuantType::kInt8}, range);
      ExpectEqualsScalar<int8_t>(kInt8WeightScheme, range);
      ExpectEqualsScalar<int8_t>({QuantType::kInt4, true}, range);
      ExpectEqualsScalar<int16_t>({QuantType::kInt16, true}, range);
      ExpectEqualsScalar<uint16_t>({QuantType::kUint16}, range);
    }
  });
}

TEST(FakeQuant, PartialVectorsTouchNothingBehindTheEnd) {
  OnEveryTarget([] {
    const QuantParams params = ParamsFor({-4, 4}, {QuantType::kUint8});
    const std::vector<float> values = Bell(80, 3);
    for (size_t count = 0; count <= 70; ++count) {
      std::vector<uint8_t> quantized(count + 1, 77);
      std::vector<float> fake(count + 1, 77);
      QuantizeArray(std::span(values).first(count), params, quantized.data());
      FakeQuantize(std::span(values).first(count), params, fake.data());
      EXPECT_EQ(quantized[count], 77);
      EXPECT_EQ(fake[count], 77);
      for (size_t i = 0; i < count; ++i) {
        ASSERT_EQ(quantized[i], QuantizeValue(values[i], params));
      }
    }
  });
}

TEST(FakeQuant, ErrorIsAtMostHalfAScaleInsideTheRange) {
  for (const Scheme scheme : {Scheme{QuantType::kUint8}, Scheme{QuantType::kInt8},
                              kInt8WeightScheme, Scheme{QuantType::kUint4},
                              Scheme{QuantType::kInt16}, Scheme{QuantType::kInt8, true, true}}) {
    for (const Range range : {Range{-1, 3}, Range{0, 6}, Range{-0.01f, 100}}) {
      const QuantParams params = ParamsFor(range, scheme);
      const Range inside = RepresentableRange(params);
      std::vector<float> values;
      for (int i = 0; i <= 10000; ++i)
        values.push_back(inside.min + (inside.max - inside.min) * static_cast<float>(i) / 10000);
      std::vector<float> fake(values.size());
      FakeQuantize(values, params, fake.data());
      for (size_t i = 0; i < values.size(); ++i) {
        // Half a scale plus the rounding of the division and of the product: 2 ulp of the value.
        const float slack = std::abs(values[i]) * 3e-7f;
        ASSERT_LE(std::abs(values[i] - fake[i]), params.scale / 2 + slack) << values[i];
      }
      std::vector<float> twice(values.size());
      FakeQuantize(fake, params, twice.data());
      EXPECT_EQ(twice, fake);
    }
  }
}

TEST(FakeQuant, InPlace) {
  const QuantParams params = ParamsFor({-4, 4}, {QuantType::kInt8});
  std::vector<float> values = Bell(100, 3), expected(100);
  FakeQuantize(values, params, expected.data());
  FakeQuantize(values, params, values.data());
  EXPECT_EQ(values, expected);
}

TEST(FakeQuant, NoiseIsTheSumOfSquaredErrors) {
  OnEveryTarget([] {
    const QuantParams params = ParamsFor({-1, 1}, {QuantType::kUint8});  // saturates many
    for (const size_t count : {1, 5, 64, 1001}) {
      const std::vector<float> values = Bell(count, 8);
      double expected = 0;
      for (const float x : values) {
        const double error = double{x} - DequantizeValue(QuantizeValue(x, params), params);
        expected += error * error;
      }
      EXPECT_NEAR(QuantizationNoise(values, params), expected, expected * 1e-12);
    }
  });
}

TEST(FakeQuant, AbsMax) {
  OnEveryTarget([] {
    std::vector<float> values = Bell(1003, 8);
    values[1002] = -7.5f;
    EXPECT_EQ(AbsMax(values), 7.5f);
    values[3] = -std::numeric_limits<float>::infinity();
    EXPECT_TRUE(std::isinf(AbsMax(values)));
    values[500] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(AbsMax(values)));
    EXPECT_EQ(AbsMax({}), 0);
  });
}

}  // namespace
}  // namespace edgeopt::quant
