// Weights as int8: graphs written by hand, and what ONNX Runtime makes of them.
#include "passes/quantize/weight_int8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ir/verifier.h"
#include "support/ort.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Tensor;
using ::testing::ElementsAre;

ir::Model Parse(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  return *model;
}

// x [1, 32] times W [32, 64], whose column c holds values up to c + 1.
ir::Model MatMul() {
  ir::Model model =
      Parse("g (float[1,32] x, float[32,64] W) => (float[1,64] y) { y = MatMul(x, W) }");
  std::vector<float> weights;
  for (int row = 0; row < 32; ++row)
    for (int column = 0; column < 64; ++column)
      weights.push_back(static_cast<float>((column + 1) * std::sin(row * 64 + column)));
  model.graph.SetInitializer(model.graph.Find("W"), Tensor::Of({32, 64}, weights));
  model.graph.SetInputs({model.graph.Find("x")});
  return model;
}

TEST(WeightInt8, PerOutputChannel) {
  ir::Model model = MatMul();
  EXPECT_TRUE(formats::InferTypes(model).ok());
  const ir::Model before = model;
  const auto report = QuantizeWeightsToInt8(model, {});
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_THAT(report->nodes, ElementsAre("y"));
  EXPECT_TRUE(ir::Verify(model).ok());
  const auto integers = model.graph.ConstantOf(model.graph.Find("W_quantized"));
  const auto scales = model.graph.ConstantOf(model.graph.Find("W_scale"));
  ASSERT_TRUE(integers && scales);
  EXPECT_EQ(integers->type(), ir::DataType::kInt8);
  EXPECT_EQ(scales->dims(), ir::Dims{64});
  for (const int8_t value : integers->as<int8_t>()) EXPECT_GE(value, -127);
  // Each weight is off by half a step at most: 32 of them give at most 32 * max|x| * scale / 2.
  std::vector<float> x(32, 1);
  Tensor input = Tensor::Of({1, 32}, x);
  input.name = "x";
  const auto original = testing::LoadModel(before), quantized = testing::LoadModel(model);
  const auto a = (*original)->Run({input}), b = (*quantized)->Run({input});
  ASSERT_TRUE(a.ok() && b.ok());
  for (size_t c = 0; c < 64; ++c)
    EXPECT_NEAR((*a)[0].as<float>()[c], (*b)[0].as<float>()[c],
                32 * scales->as<float>()[c] / 2 + 1e-4);
}

TEST(WeightInt8, SmallSharedAndExcludedWeightsStay) {
  ir::Model small = Parse(
      "g (float[1,2] x) => (float[1,2] y) <float[2,2] W = {1, 2, 3, 4}> { y = MatMul(x, W) }");
  const auto report = QuantizeWeightsToInt8(small, {});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->nodes.empty());
  ASSERT_EQ(report->skips.size(), 1u);
  EXPECT_EQ(report->skips[0].reason, "its weight is small");

  ir::Model excluded = MatMul();
  const auto kept = QuantizeWeightsToInt8(excluded, Exclusions({"MatMul"}));
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->skips.at(0).reason, "excluded");
  EXPECT_FALSE(QuantizeWeightsToInt8(excluded, Exclusions({"nothing"})).ok());
}

}  // namespace
}  // namespace edgeopt::passes::quantize
