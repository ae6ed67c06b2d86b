#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-common-subexpressions";

TEST(EliminateCommonSubexpressions, EqualNodesOverSeveralLevels) {
  ExpectRewrite(kPass, R"(g (float[2] x) => (float[2] y) {
      a1 = LeakyRelu<alpha = 0.5>(x)
      b1 = Neg(a1)
      a2 = LeakyRelu<alpha = 0.5>(x)
      b2 = Neg(a2)
      y = Add(b1, b2)
    })",
                R"(g (float[2] x) => (float[2] y) {
      a = LeakyRelu<alpha = 0.5>(x)
      b = Neg(a)
      y = Add(b, b)
    })");
}

TEST(EliminateCommonSubexpressions, OneOfThemIsAGraphOutput) {
  ExpectRewrite(
      kPass, "g (float[2] x) => (float[2] y, float[2] z) { a = Neg(x)\n y = Neg(x)\n z = Exp(a) }",
      "g (float[2] x) => (float[2] y, float[2] z) { y = Neg(x)\n z = Exp(y) }");
}

TEST(EliminateCommonSubexpressions, SeveralOutputs) {
  ExpectRewrite(kPass, R"(g (float[4] x) => (float[2] y, float[2] z) {
      a, b = Split<num_outputs = 2>(x)
      c, d = Split<num_outputs = 2>(x)
      y = Add(a, c)
      z = Add(b, d)
    })",
                R"(g (float[4] x) => (float[2] y, float[2] z) {
      a, b = Split<num_outputs = 2>(x)
      y = Add(a, a)
      z = Add(b, b)
    })");
}

TEST(EliminateCommonSubexpressions, EqualInitializers) {
  const std::string text = R"(g (float[2] x, bool c) => (float[2] y, float[2] z)
    <float[2] v = {1, 2}, float[2] w = {1, 2}, float[2] u = {1, 3}> {
      a = Mul(x, v)
      b = Add(a, w)
      y = Sub(b, u)
      z = If(c) <
        then_branch = t () => (float[2] p) { p = Add(x, w) },
        else_branch = e () => (float[2] q) { q = Mul(x, w) }
      >
    })";
  const ir::Model original = ParseModel(text);
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 1);
  EXPECT_EQ(model.graph.initializers().size(), 2u);
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(original.graph));
  ExpectSameOutputs(original, model, 0);
}

TEST(EliminateCommonSubexpressions, NotOfOtherAttributesOperandsOrOperators) {
  for (const char* second : {"b = LeakyRelu<alpha = 0.25>(x)", "b = LeakyRelu<alpha = 0.5>(z)",
                             "b = Elu<alpha = 0.5>(x)"})
    ExpectUnchanged(kPass,
                    "g (float[2] x, float[2] z) => (float[2] y) {\n"
                    "a = LeakyRelu<alpha = 0.5>(x)\n" +
                        std::string(second) + "\n y = Add(a, b) }",
                    "");
}

TEST(EliminateCommonSubexpressions, NotOfOtherTensors) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y) <float[2] v = {1, 2}, int64[2] w = {1, 2},"
                  " float[2,1] u = {1, 2}> {\n"
                  "a = Mul(x, v)\n b = Cast<to = 1>(w)\n c = Add(a, b)\n d = Squeeze(u)\n"
                  "y = Add(c, d) }",
                  "");
}

TEST(EliminateCommonSubexpressions, NotRandomNumbers) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y) {\n"
                  "a = RandomNormalLike(x)\n b = RandomNormalLike(x)\n y = Sub(a, b) }",
                  "");
}

TEST(EliminateCommonSubexpressions, NotTwoGraphOutputs) {
  ExpectUnchanged(kPass, "g (float[2] x) => (float[2] y, float[2] z) { y = Neg(x)\n z = Neg(x) }",
                  "are graph outputs");
}

}  // namespace
}  // namespace edgeopt::passes
