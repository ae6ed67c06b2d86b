#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fold-constants";

TEST(FoldConstants, AWholeSubgraphAtOnce) {
  int evaluations = 0;
  Context context = TestContext();
  const auto evaluate = context.evaluate;
  context.evaluate = [&](const ir::Model& model) {
    ++evaluations;
    EXPECT_TRUE(model.graph.inputs().empty());
    EXPECT_EQ(model.graph.node_count(), 4u);
    return evaluate(model);
  };
  const ir::Model original = ParseModel(R"(g (float[2] x) => (float[2] y)
    <float[2] c = {1, 2}, float[2] d = {3, 4}> {
      a = Add(c, d)
      b = Mul(a, d)
      e = Neg(c)
      f = Exp(e)
      s = Sum(x, b)
      y = Mul(s, f)
    })");
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}, context).rewrites(), 2);
  EXPECT_EQ(evaluations, 1);
  EXPECT_EQ(model.graph.node_count(), 2u);
  EXPECT_EQ(model.graph.ConstantOf(model.graph.Find("b"))->ToFloats().value(),
            (std::vector<float>{12, 24}));
  ExpectSameOutputs(original, model, 0);
}

TEST(FoldConstants, WithSeveralOutputs) {
  ExpectRewrite(kPass, R"(g (float[2] x) => (float[2] y) <float[4] c = {1, 2, 3, 4}> {
      a, b = Split<num_outputs = 2>(c)
      d = Mul(x, a)
      y = Add(d, b)
    })",
                R"(g (float[2] x) => (float[2] y) <float[2] a = {1, 2}, float[2] b = {3, 4}> {
      d = Mul(x, a)
      y = Add(d, b)
    })");
}

// The constant of an enclosing graph counts; a branch's result may become an initializer.
TEST(FoldConstants, InsideOfASubgraph) {
  const ir::Model original = ParseModel(R"(g (bool c, float[2] x) => (float[2] y)
    <float[2] w = {1, 2}> {
      y = If(c) <
        then_branch = t () => (float[2] p) { k = Neg(w)
                                             p = Add(x, k) },
        else_branch = e () => (float[2] q) { q = Exp(w) }
      >
    })");
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 2);
  ir::Tensor yes = ir::Tensor::Zeros(ir::DataType::kBool, {});
  ExpectSameOutputs(original, model, 0);  // c is false
  yes = ir::Tensor::Make(ir::DataType::kBool, {}, Buffer::FromVector(std::vector<uint8_t>{1}))
            .value();
  yes.name = "c";
  ExpectSameOutputs(original, model, 0, {yes});
}

TEST(FoldConstants, QuantizeButNotDequantize) {
  ExpectRewrite(kPass, R"(g (float[2,2] x) => (float[2,2] y)
    <float[2,2] w = {1, 2, 3, 4}, float s = {0.5}, int8 z = {0}> {
      q = QuantizeLinear(w, s, z)
      d = DequantizeLinear(q, s, z)
      y = MatMul(x, d)
    })",
                R"(g (float[2,2] x) => (float[2,2] y)
    <int8[2,2] q = {2, 4, 6, 8}, float s = {0.5}, int8 z = {0}> {
      d = DequantizeLinear(q, s, z)
      y = MatMul(x, d)
    })");
}

// 512 * 512 floats would make a MiB of what now is 16 bytes. The size itself is folded.
TEST(FoldConstants, NotWhatMakesTheFileLarge) {
  ExpectUnchanged(kPass,
                  "g (float x) => (float[512,512] y) <int64[2] s = {512, 512}> {\n"
                  "c = ConstantOfShape(s)\n y = Add(c, x) }",
                  "its result is much larger than the constants that it is made of");
  ExpectRewrite(kPass,
                "g (float x) => (float[512,512] y) <int64[2] s = {256, 256}> {\n"
                "t = Add(s, s)\n c = ConstantOfShape(t)\n y = Add(c, x) }",
                "g (float x) => (float[512,512] y) <int64[2] t = {512, 512}> {\n"
                "c = ConstantOfShape(t)\n y = Add(c, x) }");
}

TEST(FoldConstants, ALargeValueOnTheWayToASmallOneIsFine) {
  ExpectRewrite(kPass,
                "g (float x) => (float y) <int64[2] s = {512, 512}> {\n"
                "c = ConstantOfShape(s)\n m = ReduceMax<keepdims = 0>(c)\n y = Add(m, x) }",
                "g (float x) => (float y) <float m = {0}> { y = Add(m, x) }");
}

TEST(FoldConstants, NotMoreThanTheLimitInAll) {
  Context context = TestContext();
  context.fold_growth_limit_bytes = 100;
  // Each grows the file by 80 - 8 bytes.
  ir::Model model = ParseModel(R"(g (float[20] x) => (float[20] y)
    <int64[1] s = {20}, int64[1] t = {20}> {
      a = ConstantOfShape(s)
      b = ConstantOfShape(t)
      c = Add(x, a)
      y = Sub(c, b)
    })");
  std::vector<const Pass*> pipeline = {Find(kPass)};
  const auto first = Find(kPass)->run(model, context);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->rewrites, 0) << "types are not known yet";
  ASSERT_TRUE(formats::InferTypes(model).ok());
  const auto second = Find(kPass)->run(model, context);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->rewrites, 1);
}

TEST(FoldConstants, NotAHugeValueOnTheWay) {
  ExpectUnchanged(kPass,
                  "g (float x) => (float y) <int64[1] s = {1000000000}> {\n"
                  "c = ConstantOfShape(s)\n m = ReduceMax<keepdims = 0>(c)\n y = Add(m, x) }",
                  "its result would take");
}

TEST(FoldConstants, NotRandomNumbers) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y) <float[2] c = {1, 2}> {\n"
                  "a = RandomNormalLike(c)\n y = Add(x, a) }",
                  "");
}

TEST(FoldConstants, NotAGraphOutput) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y, float[2] z) <float[2] c = {1, 2}> {\n"
                  "y = Neg(c)\n z = Neg(x) }",
                  "it is a graph output");
}

// It stays for its name, and yet what is behind it is known.
TEST(FoldConstants, BehindAGraphOutput) {
  ExpectRewrite(kPass,
                "g (float[2] x) => (float[2] y, float[2] z) <float[2] c = {1, 2}> {\n"
                "y = Neg(c)\n a = Abs(y)\n z = Add(x, a) }",
                "g (float[2] x) => (float[2] y, float[2] z) <float[2] c = {1, 2}> {\n"
                "y = Neg(c)\n z = Add(x, c) }");
}

TEST(FoldConstants, NotASequence) {
  ExpectUnchanged(kPass,
                  "g (int64 i) => (float[2] y) <float[2] c = {1, 2}> {\n"
                  "s = SequenceConstruct(c, c)\n y = SequenceAt(s, i) }",
                  "");
}

TEST(FoldConstants, NotADefaultThatACallerMayOverride) {
  ExpectUnchanged(
      kPass, "g (float[2] x, float[2] c = {1, 2}) => (float[2] y) { a = Neg(c)\n y = Add(x, a) }",
      "");
}

// What the runtime can't compute stays, and costs nothing but itself.
TEST(FoldConstants, NotWhatTheRuntimeCannotCompute) {
  Context context = TestContext();
  const auto evaluate = context.evaluate;
  context.evaluate = [&](const ir::Model& model) -> Result<std::vector<ir::Tensor>> {
    for (const ir::NodeId id : model.graph.nodes())
      if (model.graph.node(id).Is("Exp")) return Unsupported("no Exp here");
    return evaluate(model);
  };
  ir::Model model = ParseModel(R"(g (float[2] x) => (float[2] y) <float[2] c = {1, 2}> {
      a = Neg(c)
      b = Exp(c)
      d = Abs(c)
      y = Sum(x, a, b, d)
    })");
  const RunReport report = RunPasses(model, {kPass}, context);
  EXPECT_EQ(report.rewrites(), 2);
  EXPECT_EQ(model.graph.node_count(), 2u);
  ASSERT_FALSE(report.passes[0].skipped.empty());
  EXPECT_EQ(report.passes[0].skipped[0].reason, "the runtime can't compute it: no Exp here");
}

TEST(FoldConstants, NotWithoutARuntime) {
  Context context = TestContext();
  context.evaluate = nullptr;
  ir::Model model = ParseModel(
      "g (float[2] x) => (float[2] y) <float[2] c = {1, 2}> { a = Neg(c)\n y = Add(x, a) }");
  EXPECT_EQ(RunPasses(model, {kPass}, context).rewrites(), 0);
}

}  // namespace
}  // namespace edgeopt::passes
