#include "passes/widen_floats.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

WidenedFloats ExpectWidened(const std::string& before, const std::string& after, double tolerance) {
  const ir::Model original = ParseModel(before);
  ir::Model model = original;
  const auto widened = WidenFloats(model);
  EXPECT_TRUE(widened.ok()) << (widened.ok() ? "" : widened.error().ToString());
  if (!widened.ok()) return {};
  EXPECT_TRUE(formats::InferTypes(model).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(ParseModel(after).graph));
  ExpectSameOutputs(original, model, tolerance);
  return *widened;
}

TEST(WidenFloats, CastsStandAtTheEnds) {
  const auto widened = ExpectWidened(
      R"(g (float16[2] x, float16[2] z) => (float16[2] y) {
  a = Mul(x, z)
  y = Relu(a)
})",
      R"(g (float16[2] x, float16[2] z) => (float16[2] y) {
  b = Cast<to = 1>(x)
  d = Cast<to = 1>(z)
  a = Mul(b, d)
  c = Relu(a)
  y = Cast<to = 10>(c)
})",
      1e-2);
  EXPECT_TRUE(widened.any);
  EXPECT_TRUE(widened.half);
}

TEST(WidenFloats, DoublesBecomeFloats) {
  ir::Model model =
      ParseModel("g (double[2] x) => (double[2] y) <double[2] w = {0.5, 4}> { y = Mul(x, w) }");
  EXPECT_FALSE(WidenFloats(model)->half);
  EXPECT_EQ(formats::PrintGraph(model.graph),
            formats::PrintGraph(ParseModel("g (float[2] x) => (float[2] y) <float[2] w = {0.5, 4}> "
                                           "{ y = Mul(x, w) }")
                                    .graph));
}

// The largest double stays finite.
TEST(WidenFloats, MasksStayFinite) {
  ir::Model model = ParseModel(
      "g (float[2] x) => (float[2] y) <double[2] w = {-1.7e308, 1}> { a = Cast<to = 11>(x)\n"
      "b = Add(a, w)\n y = Cast<to = 1>(b) }");
  ASSERT_TRUE(WidenFloats(model).ok());
  const auto mask = model.graph.ConstantOf(model.graph.Find("w"));
  ASSERT_TRUE(mask.has_value());
  EXPECT_EQ(mask->as<float>()[0], std::numeric_limits<float>::lowest());
}

TEST(WidenFloats, TypesInAttributes) {
  const auto widened = ExpectWidened(R"(g (float[2] x) => (float[2] y) {
  a = Cast<to = 10>(x)
  b = Relu(a)
  y = Cast<to = 1>(b)
})",
                                     R"(g (float[2] x) => (float[2] y) {
  a = Cast<to = 1>(x)
  b = Relu(a)
  y = Cast<to = 1>(b)
})",
                                     1e-3);
  EXPECT_TRUE(widened.half);
}

TEST(WidenFloats, FloatModelsAreLeftAlone) {
  ir::Model model = ParseModel("g (float[2] x) => (float[2] y) { y = Relu(x) }");
  const std::string before = formats::PrintGraph(model.graph);
  EXPECT_FALSE(WidenFloats(model)->any);
  EXPECT_EQ(formats::PrintGraph(model.graph), before);
}

}  // namespace
}  // namespace edgeopt::passes
