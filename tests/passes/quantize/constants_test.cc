// Quantized constants, worked by hand from q = round(x / scale) + zero_point.
#include "passes/quantize/constants.h"

#include <gtest/gtest.h>

#include <limits>

namespace edgeopt::passes::quantize {
namespace {

using ir::Tensor;

std::vector<int8_t> Int8s(const Tensor& tensor) {
  return {tensor.as<int8_t>().begin(), tensor.as<int8_t>().end()};
}
std::vector<float> Floats(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

// Scales are max|w| / 127 of each channel: 127 / 127 = 1 and 254 / 127 = 2.
TEST(QuantizeWeight, PerChannelAlongAnyAxis) {
  const Tensor rows = Tensor::Of({2, 2}, std::vector<float>{127, -1, 254, -254});
  const auto by_row = QuantizeWeight(rows, 0, false);
  ASSERT_TRUE(by_row.ok());
  EXPECT_EQ(Floats(by_row->scale), (std::vector<float>{1, 2}));
  EXPECT_EQ(Int8s(by_row->data), (std::vector<int8_t>{127, -1, 127, -127}));
  EXPECT_EQ(by_row->zero_point.dims(), (ir::Dims{2}));

  const Tensor columns = Tensor::Of({2, 2}, std::vector<float>{127, 254, -1, -254});
  const auto by_column = QuantizeWeight(columns, 1, false);
  ASSERT_TRUE(by_column.ok());
  EXPECT_EQ(Floats(by_column->scale), (std::vector<float>{1, 2}));
  EXPECT_EQ(Int8s(by_column->data), (std::vector<int8_t>{127, 127, -1, -127}));
}

TEST(QuantizeWeight, WholeTensorHasScalarScale) {
  const auto whole = QuantizeWeight(Tensor::Of({2}, std::vector<float>{-127, 63.4f}), -1, false);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->scale.rank(), 0);
  EXPECT_EQ(Int8s(whole->data), (std::vector<int8_t>{-127, 63}));
}

// 7 bits: the largest product of a u8 and a weight is 255 * 64, two of which fit 16 bits.
TEST(QuantizeWeight, ReducedRangeStaysWithin64) {
  const auto reduced = QuantizeWeight(Tensor::Of({1, 3}, std::vector<float>{-3, 1, 3}), 0, true);
  ASSERT_TRUE(reduced.ok());
  for (const int8_t value : Int8s(reduced->data)) EXPECT_LE(std::abs(int{value}), 64);
  EXPECT_EQ(std::abs(int{Int8s(reduced->data)[0]}), 64);
}

TEST(QuantizeWeight, NotFiniteIsAnError) {
  const auto bad = QuantizeWeight(
      Tensor::Of({2}, std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}), -1, false);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, ErrorCode::kBadInput);
}

// Bias 10 with input scale 0.5 and weight scales 1 and 2: 10 / 0.5 = 20 and 10 / 1 = 10.
TEST(QuantizeLayer, BiasHasTheProductOfTheScales) {
  const Tensor weight = Tensor::Of({2, 1}, std::vector<float>{127, 254});
  const Tensor bias = Tensor::Of({2}, std::vector<float>{10, 10});
  const auto layer = QuantizeLayer(weight, 0, false, &bias, 0.5f);
  ASSERT_TRUE(layer.ok());
  EXPECT_EQ(Floats(layer->bias->scale), (std::vector<float>{0.5f, 1.0f}));
  const auto integers = layer->bias->data.as<int32_t>();
  EXPECT_EQ(integers[0], 20);
  EXPECT_EQ(integers[1], 10);
}

// A tiny weight beside a huge bias: with scale 1e-9 * 0.5 the bias would need 2e10 > 2^31 steps.
TEST(QuantizeLayer, WeightScaleIsWidenedUntilTheBiasFits) {
  const Tensor weight = Tensor::Of({1, 1}, std::vector<float>{127e-9f});
  const Tensor bias = Tensor::Of({1}, std::vector<float>{10});
  const auto layer = QuantizeLayer(weight, 0, false, &bias, 0.5f);
  ASSERT_TRUE(layer.ok());
  const double restored =
      double{layer->bias->scale.as<float>()[0]} * layer->bias->data.as<int32_t>()[0];
  EXPECT_NEAR(restored, 10, 1e-6);
  EXPECT_EQ(layer->bias->scale.as<float>()[0], 0.5f * layer->weight.scale.as<float>()[0]);
}

// [-1, 3] in uint8: scale 4 / 255, zero point round(255 / 4) = 64.
TEST(QuantizeOperand, IsAsymmetric) {
  const auto operand =
      QuantizeOperand(Tensor::Of({2}, std::vector<float>{-1, 3}), ir::DataType::kUint8);
  ASSERT_TRUE(operand.ok());
  EXPECT_FLOAT_EQ(operand->scale.as<float>()[0], 4.0f / 255.0f);
  EXPECT_EQ(operand->zero_point.as<uint8_t>()[0], 64);
  EXPECT_EQ(operand->data.as<uint8_t>()[0], 0);
  EXPECT_EQ(operand->data.as<uint8_t>()[1], 255);
}

// max|x| / 32767 = 1: the numbers themselves, and no zero point.
TEST(QuantizeOperand, Int16IsSymmetric) {
  const Tensor numbers = Tensor::Of({3}, std::vector<float>{-32767, 16384, 1});
  const auto wide = QuantizeOperand(numbers, ir::DataType::kInt16);
  ASSERT_TRUE(wide.ok());
  EXPECT_EQ(Floats(wide->scale), (std::vector<float>{1}));
  EXPECT_EQ(wide->zero_point.as<int16_t>()[0], 0);
  const auto integers = wide->data.as<int16_t>();
  EXPECT_EQ(std::vector<int16_t>(integers.begin(), integers.end()),
            (std::vector<int16_t>{-32767, 16384, 1}));
}

}  // namespace
}  // namespace edgeopt::passes::quantize
