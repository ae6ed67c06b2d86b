#include "ir/number.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgeopt::ir {
namespace {

TEST(Number, IsOfItsType) {
  EXPECT_EQ(NumberOf(1.5, DataType::kFloat32), Tensor::Scalar(1.5f));
  EXPECT_EQ(NumberOf(1.5, DataType::kFloat64), Tensor::Scalar(1.5));
  EXPECT_EQ(NumberOf(-2.7, DataType::kInt32), Tensor::Scalar(int32_t{-2}));
  EXPECT_EQ(NumberOf(255, DataType::kUint8), Tensor::Scalar(uint8_t{255}));
  EXPECT_EQ(NumberOf(0.5, DataType::kBool), Tensor::Scalar(true));
  EXPECT_EQ(NumberOf(-9223372036854775808.0, DataType::kInt64), Tensor::Scalar(INT64_MIN));
}

TEST(Number, WhatDoesNotFitIsZero) {
  EXPECT_EQ(NumberOf(256, DataType::kUint8), Tensor::Scalar(uint8_t{0}));
  EXPECT_EQ(NumberOf(-129, DataType::kInt8), Tensor::Scalar(int8_t{0}));
  EXPECT_EQ(NumberOf(9223372036854775808.0, DataType::kInt64), Tensor::Scalar(int64_t{0}));
  EXPECT_EQ(NumberOf(std::nan(""), DataType::kInt16), Tensor::Scalar(int16_t{0}));
}

TEST(Number, NotOfEveryType) {
  EXPECT_FALSE(NumberOf(1, DataType::kFloat16));
  EXPECT_FALSE(NumberOf(1, DataType::kString));
}

}  // namespace
}  // namespace edgeopt::ir
