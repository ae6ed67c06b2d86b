#include "pipeline/half_size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "ops/cost.h"

namespace edgeopt::pipeline {
namespace {

using ::testing::HasSubstr;

ir::Model Parse(const std::string& text) {
  auto model = formats::ParseText(text);
  EXPECT_TRUE(model.ok()) << model.error().ToString();
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return std::move(model).value();
}

TEST(HalfSizeTest, AConvolutionCostsAQuarter) {
  const ir::Model model = Parse(R"(
    g (float[1, 3, 64, 48] x, float[8, 3, 3, 3] w) => (float[1, 8, 1, 1] y) {
      c = Conv <pads = [1, 1, 1, 1]> (x, w)
      y = GlobalAveragePool(c)
    })");
  const auto half = AtHalfSize(model, {{1, 3, 64, 48}, {8, 3, 3, 3}});
  ASSERT_TRUE(half.ok()) << half.error().ToString();
  EXPECT_EQ(half->input, "x");
  EXPECT_EQ(half->height, 32);
  EXPECT_EQ(half->width, 24);
  EXPECT_EQ(ops::Analyze(half->model).macs * 4, ops::Analyze(model).macs);
  EXPECT_EQ(half->dims[1], (ir::Dims{8, 3, 3, 3}));
}

TEST(HalfSizeTest, ChannelsLastAndDynamicSizesWork) {
  const ir::Model model = Parse(R"(
    g (float[n, h, w, 3] x) => (float[n, h, w, 3] y) { y = Relu(x) })");
  const auto half = AtHalfSize(model, {{1, 64, 64, 3}});
  ASSERT_TRUE(half.ok()) << half.error().ToString();
  EXPECT_EQ(half->dims[0], (ir::Dims{1, 32, 32, 3}));
}

TEST(HalfSizeTest, SaysWhyNot) {
  const auto message = [](const std::string& text, const ir::Dims& dims) {
    const auto half = AtHalfSize(Parse(text), {dims});
    return half.ok() ? std::string("no error") : half.error().message;
  };
  EXPECT_THAT(message("g (float[1, 40] x) => (float[1, 40] y) { y = Relu(x) }", {1, 40}),
              HasSubstr("no input that looks like an image"));
  EXPECT_THAT(message("g (float[1, 3, 27, 28] x) => (float[1, 3, 27, 28] y) { y = Relu(x) }",
                      {1, 3, 27, 28}),
              HasSubstr("[1, 3, 27, 28] can't be halved"));
  EXPECT_THAT(message("g (float[1, 3, 14, 14] x) => (float[1, 3, 14, 14] y) { y = Relu(x) }",
                      {1, 3, 14, 14}),
              HasSubstr("can't be halved"));
  EXPECT_FALSE(TakesImage({{1, 40}, {1, 8, 28, 28}}));
  EXPECT_TRUE(TakesImage({{1, 40}, {1, 3, 28, 28}}));
}

}  // namespace
}  // namespace edgeopt::pipeline
