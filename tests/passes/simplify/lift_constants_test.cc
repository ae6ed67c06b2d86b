#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "lift-constants";

size_t ConstantNodes(const ir::Graph& graph) {
  size_t count = 0;
  for (const ir::NodeId id : graph.nodes()) {
    count += graph.node(id).Is("Constant");
    ir::ForEachSubgraph(graph.node(id), [&](const std::string&, const ir::Graph& subgraph) {
      count += ConstantNodes(subgraph);
    });
  }
  return count;
}

TEST(LiftConstants, EveryKindOfValue) {
  const ir::Model original = ParseModel(R"(g (float[2] x, int64[2] n) => (float[2] y, int64[2] m) {
    a = Constant<value = float[2] {1.5, 2.5}>()
    b = Constant<value_float = 3.0>()
    c = Constant<value_floats = [4.0, 5.0]>()
    d = Constant<value_int = 6>()
    e = Constant<value_ints = [7, 8]>()
    s = Sum(x, a, b, c)
    m1 = Add(n, d)
    y = Relu(s)
    m = Add(m1, e)
  })");
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 5);
  EXPECT_EQ(ConstantNodes(model.graph), 0u);
  EXPECT_EQ(model.graph.initializers().size(), 5u);
  // The printed form writes constants where they are used, whatever holds them.
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(original.graph));
  ExpectSameOutputs(original, model, 0);
}

TEST(LiftConstants, InsideOfASubgraph) {
  const ir::Model original = ParseModel(R"(g (bool c, float[2] x) => (float[2] y) {
    y = If(c) <
      then_branch = t () => (float[2] p) { k = Constant<value = float[2] {1.0, 2.0}>()
                                           p = Add(x, k) },
      else_branch = e () => (float[2] q) { q = Constant<value = float[2] {3.0, 4.0}>() }
    >
  })");
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 2);
  EXPECT_EQ(ConstantNodes(model.graph), 0u);
  ExpectSameOutputs(original, model, 0);
}

TEST(LiftConstants, NotAGraphOutput) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y, float[2] k) {\n"
                  "k = Constant<value = float[2] {1, 2}>()\n y = Add(x, k) }",
                  "it is a graph output");
}

TEST(LiftConstants, InitializersOfIrVersion3AreNoInputsAnyMore) {
  const ir::Model original = ParseModel(R"(<ir_version: 3, opset_import: ["" : 9]>
    g (float[2] x, float[2] w = {1, 2}) => (float[2] y) { y = Add(x, w) })");
  ir::Model model = original;
  ASSERT_EQ(original.graph.inputs().size(), 2u);
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 1);
  EXPECT_EQ(model.graph.inputs().size(), 1u);
  EXPECT_EQ(model.ir_version, 4);
  EXPECT_TRUE(model.graph.ConstantOf(model.graph.Find("w")).has_value());
}

TEST(LiftConstants, NotAnInitializerThatACallerMayOverride) {
  ExpectUnchanged(kPass, R"(<ir_version: 8, opset_import: ["" : 17]>
    g (float[2] x, float[2] w = {1, 2}) => (float[2] y) { y = Add(x, w) })",
                  "it is an input too, so a caller may override it");
}

TEST(LiftConstants, OtherPassesWaitForItInIrVersion3) {
  ExpectUnchanged("eliminate-identity", R"(<ir_version: 3, opset_import: ["" : 9]>
    g (float[2] x) => (float[2] y) { a = Identity(x)
                                     y = Relu(a) })",
                  "lift-constants comes first");
}

}  // namespace
}  // namespace edgeopt::passes
