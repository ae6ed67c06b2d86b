#include "pipeline/golden.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace edgeopt::pipeline {
namespace {

using ::testing::HasSubstr;

ir::Tensor Floats(const std::string& name, const std::vector<float>& values) {
  ir::Tensor tensor = ir::Tensor::Of<float>({static_cast<int64_t>(values.size())}, values);
  tensor.name = name;
  return tensor;
}

TEST(GoldenTest, TheErrorIsRelativeToTheLargestMagnitude) {
  const std::vector<ir::Tensor> expected = {Floats("a", {0, -4, 2}), Floats("b", {1, 1})};
  const std::vector<ir::Tensor> found = {Floats("b", {1, 1}), Floats("a", {0.2f, -4, 2})};
  const auto difference = CompareGolden(expected, found);
  ASSERT_TRUE(difference.ok());
  EXPECT_EQ(difference->output, "a");
  EXPECT_NEAR(difference->error_ratio, 0.05, 1e-7);
}

TEST(GoldenTest, EqualInfinitiesAndNansAreEqual) {
  const std::vector<ir::Tensor> expected = {Floats("a", {INFINITY, NAN, 1})};
  EXPECT_EQ(CompareGolden(expected, expected)->error_ratio, 0);
}

TEST(GoldenTest, WhatCannotBeComparedIsBadInput) {
  const std::vector<ir::Tensor> expected = {Floats("a", {1, 2})};
  const auto message = [&](const std::vector<ir::Tensor>& found) {
    const auto difference = CompareGolden(expected, found);
    return difference.ok() ? std::string("no error") : difference.error().message;
  };
  EXPECT_THAT(message({}), HasSubstr("0 outputs"));
  EXPECT_THAT(message({Floats("b", {1, 2})}), HasSubstr("no output 'a'"));
  EXPECT_THAT(message({Floats("a", {1, 2, 3})}), HasSubstr("float32[3], not float32[2]"));
  EXPECT_THAT(message({Floats("a", {1, NAN})}), HasSubstr("NaN on one side"));
}

TEST(GoldenTest, AnythingBesideZeroIsInfinitelyFar) {
  const std::vector<ir::Tensor> expected = {Floats("a", {0, 0})};
  const std::vector<ir::Tensor> found = {Floats("a", {0, 1e-9f})};
  EXPECT_TRUE(std::isinf(CompareGolden(expected, found)->error_ratio));
}

}  // namespace
}  // namespace edgeopt::pipeline
