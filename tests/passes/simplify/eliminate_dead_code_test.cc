#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-dead-code";

TEST(EliminateDeadCode, NodesAndInitializers) {
  const std::string text = R"(g (float[2] x) => (float[2] y) <float w = {1}, float v = {2}> {
      a = Mul(x, w)
      b = Neg(a)
      y = Relu(x)
    })";
  ExpectRewrite(kPass, text, "g (float[2] x) => (float[2] y) { y = Relu(x) }");
  ir::Model model = ParseModel(text);
  RunPasses(model, {kPass});
  EXPECT_TRUE(model.graph.initializers().empty());
}

TEST(EliminateDeadCode, OptionalOutputs) {
  ExpectRewrite(kPass,
                "g (float[1,1,4,4] x) => (float[1,1,2,2] y) {\n"
                "y, i = MaxPool<kernel_shape = [2,2], strides = [2,2]>(x) }",
                "g (float[1,1,4,4] x) => (float[1,1,2,2] y) {\n"
                "y = MaxPool<kernel_shape = [2,2], strides = [2,2]>(x) }");
}

TEST(EliminateDeadCode, InsideOfASubgraphAndWhatOnlyItUsed) {
  ExpectRewrite(kPass, R"(g (bool c, float[2] x) => (float[2] y) {
      k = Neg(x)
      y = If(c) <
        then_branch = t () => (float[2] p) { d = Exp(k)
                                             p = Relu(x) },
        else_branch = e () => (float[2] q) { q = Abs(x) }
      >
    })",
                R"(g (bool c, float[2] x) => (float[2] y) {
      y = If(c) <
        then_branch = t () => (float[2] p) { p = Relu(x) },
        else_branch = e () => (float[2] q) { q = Abs(x) }
      >
    })");
}

TEST(EliminateDeadCode, FunctionsThatNobodyCalls) {
  ir::Model model = ParseModel(R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float[2] x) => (float[2] y) { y = local.used(x) }
    <domain: "local", opset_import: ["" : 17, "local" : 1]> inner (a) => (b) { b = Neg(a) }
    <domain: "local", opset_import: ["" : 17, "local" : 1]> used (a) => (b) { b = local.inner(a) }
    <domain: "local", opset_import: ["" : 17, "local" : 1]> leaf (a) => (b) { b = Exp(a) }
    <domain: "local", opset_import: ["" : 17, "local" : 1]> unused (a) => (b) { b = local.leaf(a) })");
  ASSERT_EQ(model.functions.size(), 4u);
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 2);
  ASSERT_EQ(model.functions.size(), 2u);
  EXPECT_EQ(model.functions[0].name, "inner");
  EXPECT_EQ(model.functions[1].name, "used");
}

TEST(EliminateDeadCode, NotRequiredOutputs) {
  ExpectUnchanged(kPass, "g (float[4] x) => (float[2] y) { y, z = Split<num_outputs = 2>(x) }", "");
}

TEST(EliminateDeadCode, NotInputs) {
  ExpectUnchanged(kPass, "g (float[2] x, float[2] unused) => (float[2] y) { y = Relu(x) }", "");
}

}  // namespace
}  // namespace edgeopt::passes
