#include "passes/unroll_loops.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

// The unrolled model, which computes the same.
ir::Model Unrolled(const std::string& text, int64_t loops = 1) {
  const ir::Model original = ParseModel(text);
  ir::Model model = original;
  EXPECT_TRUE(formats::InferTypes(model).ok());
  const auto count = UnrollLoops(model);
  EXPECT_TRUE(count.ok()) << count.error().ToString();
  if (!count.ok()) return {};
  EXPECT_EQ(*count, loops);
  EXPECT_TRUE(formats::InferTypes(model).ok());
  const Status checked = formats::CheckModel(model, formats::CheckDepth::kTypes);
  EXPECT_TRUE(checked.ok()) << checked.error().ToString();
  ExpectSameOutputs(original, model, 0);
  return model;
}

std::string Loop(const std::string& inputs, const std::string& condition) {
  return "g (float[2] x) => (float[2] y, float[K,2] z) <int64 two = {2}, int64 many = {3000}, "
         "bool yes = {1}, bool no = {0}, float[2] w = {1, 2}> {\n"
         "k = Neg(x)\n"
         "y, z = Loop(" +
         inputs + ", x) <body = b (int64 i, bool go, float[2] a) => (bool more, float[2] next, " +
         "float[2] row) { more = " + condition + "\n next = Add(a, k)\n row = Mul(next, w) }>\n}";
}

TEST(UnrollLoops, RoundsInARow) {
  const ir::Model model = Unrolled(Loop("two, yes", "Identity(go)"));
  const std::string expected = R"(
g (float[2] x) => (float[2] y, float[2,2] z) <float[2] w = {1, 2}, int64[1] first = {0}> {
  k = Neg(x)
  a = Add(x, k)
  y = Add(a, k)
  b = Mul(a, w)
  c = Mul(y, w)
  d = Unsqueeze(b, first)
  e = Unsqueeze(c, first)
  z = Concat<axis = 0>(d, e)
})";
  ir::Model simple = model;
  RunPasses(simple, {"eliminate-identity", "eliminate-dead-code"});
  std::string found = formats::PrintGraph(simple.graph);
  // The size that the file left open.
  const size_t size = found.find("float32[K,");
  if (size != std::string::npos) found.replace(size, 10, "float32[2,");
  EXPECT_EQ(found, formats::PrintGraph(ParseModel(expected).graph));
}

TEST(UnrollLoops, WithoutAFirstCondition) { Unrolled(Loop("two, \"\"", "Identity(go)")); }

TEST(UnrollLoops, LeavesWhatDependsOnData) {
  Unrolled(Loop("two, yes", "Not(go)"), 0);
  Unrolled(Loop("many, yes", "Identity(go)"), 0);
}

TEST(UnrollLoops, NoRounds) {
  Unrolled(
      "g (float[2] x) => (float[2] y) <int64 two = {2}, bool no = {0}> {\n"
      "y = Loop(two, no, x) <body = b (int64 i, bool go, float[2] a) => (bool more, float[2] "
      "next) { more = Identity(go)\n next = Exp(a) }>\n}");
}

// Names inside of the body meet those of earlier rounds, and what it captures is carried elsewhere.
TEST(UnrollLoops, NestedSubgraphsFollow) {
  Unrolled(
      "g (float[2] x) => (float[2] y) <int64 three = {3}, bool yes = {1}, float zero = {0}> {\n"
      "y = Loop(three, yes, x) <body = b (int64 i, bool go, float[2] a) => (bool more, float[2] "
      "next) { more = Identity(go)\n s = ReduceSum<keepdims = 0>(a)\n c = Greater(s, zero)\n"
      "next = If(c) <then_branch = t () => (float[2] p) { p = Neg(a) }, else_branch = e () => "
      "(float[2] q) { q = Add(a, x) }> }>\n}");
}

// Inside out.
TEST(UnrollLoops, LoopsInLoops) {
  Unrolled(
      "g (float[2] x) => (float[2] y) <int64 two = {2}, bool yes = {1}> {\n"
      "y = Loop(two, yes, x) <body = b (int64 i, bool go, float[2] a) => (bool more, float[2] "
      "next) { more = Identity(go)\n next = Loop(two, yes, a) <body = c (int64 j, bool go2, "
      "float[2] p) => (bool more2, float[2] q) { more2 = Identity(go2)\n f = Cast<to = 1>(i)\n"
      "d = Add(p, f)\n q = Tanh(d) }> }>\n}",
      2);
}

}  // namespace
}  // namespace edgeopt::passes
