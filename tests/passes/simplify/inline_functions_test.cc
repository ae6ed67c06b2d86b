#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "inline-functions";
constexpr char kText[] = R"(<ir_version: 8, opset_import: ["" : 17, "local" : 1]>
    g (float[2] x) => (float[2] y) { a = local.twice(x)
                                     y = local.twice(a) }
    <domain: "local", opset_import: ["" : 17]> twice (a) => (b) { b = Add(a, a) })";

TEST(InlineFunctions, EveryCall) {
  const ir::Model original = ParseModel(kText);
  ir::Model model = original;
  EXPECT_GT(RunPasses(model, {kPass}).rewrites(), 0);
  EXPECT_TRUE(model.functions.empty());
  EXPECT_EQ(
      formats::PrintGraph(model.graph),
      formats::PrintGraph(
          ParseModel("g (float[2] x) => (float[2] y) { a = Add(x, x)\n y = Add(a, a) }").graph));
  ExpectSameOutputs(original, model, 0);
}

TEST(InlineFunctions, NotWithoutAnInliner) {
  Context context = TestContext();
  context.inline_functions = nullptr;
  ir::Model model = ParseModel(kText);
  EXPECT_EQ(RunPasses(model, {kPass}, context).rewrites(), 0);
  EXPECT_EQ(model.functions.size(), 1u);
}

}  // namespace
}  // namespace edgeopt::passes
