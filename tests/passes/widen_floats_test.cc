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
  const auto widened = ExpectWidened(R"(g (double[2] x) => (double[2] y) <double[2] w = {0.5, 4}> {
  a = Mul(x, w)
  y = Relu(a)
})",
                                     R"(g (double[2] x) => (double[2] y) <float[2] w = {0.5, 4}> {
  b = Cast<to = 1>(x)
  a = Mul(b, w)
  c = Relu(a)
  y = Cast<to = 11>(c)
})",
                                     1e-6);
  EXPECT_TRUE(widened.any);
  EXPECT_FALSE(widened.half);
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
