// A weight that one node reads in int8 or float16 and another in float: each precision leaves it.
#include "passes/quantize/shared_weights.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "passes/quantize/dynamic_int8.h"
#include "passes/quantize/float16.h"
#include "passes/quantize/plan.h"

namespace edgeopt::passes::quantize {
namespace {

ir::Model Parse(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return *model;
}

// `w` is [32, columns], of ones.
std::string Ones(int columns) {
  std::string text = "float[32," + std::to_string(columns) + "] w = {1";
  for (int i = 1; i < 32 * columns; ++i) text += ",1";
  return text + "}";
}

// A product with w, and w in the body of a Loop that x stays the same in; 40 columns: 5120 bytes.
std::string WithLoop(int columns) {
  const std::string type = "float[1," + std::to_string(columns) + "]";
  return "g (float[1,32] x) => (" + type + " y, " + type + " z) <" + Ones(columns) +
         ", int64 n = {2}, bool go = {1}, float[1," + std::to_string(columns) + "] s = {" +
         [&] {
           std::string zeros = "0";
           for (int i = 1; i < columns; ++i) zeros += ",0";
           return zeros;
         }() +
         "}> {\n y = MatMul(x, w)\n z = Loop(n, go, s) <body = b (int64 i, bool c, " + type +
         " a) => (bool d, " + type +
         " e) { d = Identity(c)\n p = MatMul(x, w)\n e = Add(a, p) }>\n }";
}

constexpr char kReason[] = "its weight 'w' is also read in float by";

TEST(SharedWeights, DynamicInt8) {
  ir::Model model = Parse(WithLoop(40));
  const auto report = QuantizeDynamic(model, {});
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().message.find("1 x MatMul: " + std::string(kReason)), std::string::npos)
      << report.error().message;
}

TEST(SharedWeights, StaticInt8) {
  const auto plan = PlanStatic(Parse(WithLoop(40)), *FindRuleSet("onnxruntime-x64"), {});
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.error().message.find("1 x MatMul: " + std::string(kReason)), std::string::npos)
      << plan.error().message;
}

TEST(SharedWeights, Float16) {
  ir::Model model = Parse(WithLoop(40));
  const auto report = ConvertFloat16(model, {});
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().message.find("1 x MatMul: " + std::string(kReason)), std::string::npos)
      << report.error().message;
  EXPECT_NE(report.error().message.find("Loop"), std::string::npos);
}

// 32 * 20 floats are 2560 bytes: too few to give up on the product.
TEST(SharedWeights, SmallOnesAreStoredTwice) {
  ir::Model model = Parse(WithLoop(20));
  EXPECT_TRUE(QuantizeDynamic(model, {}).ok());
}

TEST(SharedWeights, TwoProductsShareOne) {
  const std::string text = "g (float[1,32] x, float[1,32] v) => (float[1,40] y, float[1,40] z) <" +
                           Ones(40) + "> { y = MatMul(x, w)\n z = MatMul(v, w) }";
  ir::Model model = Parse(text);
  EXPECT_TRUE(QuantizeDynamic(model, {}).ok());
  const auto plan = PlanStatic(Parse(text), *FindRuleSet("onnxruntime-x64"), {});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->quantized.size(), 2u);
  model = Parse(text);
  const auto half = ConvertFloat16(model, {});
  ASSERT_TRUE(half.ok());
  EXPECT_EQ(half->converted_nodes, 2);
}

// What the user excludes keeps its weight, and so does the other reader.
TEST(SharedWeights, AnExcludedReader) {
  const std::string text = "g (float[1,32] x, float[1,32] v) => (float[1,40] y, float[1,40] z) <" +
                           Ones(40) + "> { y = MatMul(x, w)\n z = MatMul(v, w) }";
  Float16Options options;
  options.exclusions = Exclusions({"z"});
  ir::Model model = Parse(text);
  const auto half = ConvertFloat16(model, options);
  ASSERT_FALSE(half.ok());
  EXPECT_NE(half.error().message.find("excluded by the user"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::passes::quantize
