#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "inline-if";

std::string Branches(const std::string& condition) {
  return "g (float[2] x) => (float[2] y) <bool c = {" + condition + R"(}, float[2] w = {1, 2}> {
      k = Neg(x)
      r = If(c) <
        then_branch = t () => (float[2] p) <float[2] v = {3, 4}> { a = Add(k, v)
                                                                   p = Exp(a) },
        else_branch = e () => (float[2] q) { b = Mul(x, w)
                                             q = Exp(b) }
      >
      y = Relu(r)
    })";
}

TEST(InlineIf, EitherBranch) {
  ExpectRewrite(kPass, Branches("1"),
                "g (float[2] x) => (float[2] y) <float[2] v = {3, 4}> {\n"
                "k = Neg(x)\n a = Add(k, v)\n p = Exp(a)\n y = Relu(p) }");
  ExpectRewrite(kPass, Branches("0"),
                "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> {\n"
                "b = Mul(x, w)\n q = Exp(b)\n y = Relu(q) }");
}

// The result keeps the name of the graph output; where it is an outer value, an Identity bears it.
TEST(InlineIf, AsGraphOutput) {
  ExpectRewrite(kPass, R"(g (float[2] x) => (float[2] y) <bool c = {1}> {
      y = If(c) <
        then_branch = t () => (float[2] p) { p = Exp(x) },
        else_branch = e () => (float[2] q) { q = Abs(x) }
      >
    })",
                "g (float[2] x) => (float[2] y) { y = Exp(x) }");
  ExpectRewrite(kPass, R"(g (float[2] x) => (float[2] y, float[2] k) <bool c = {1}> {
      k = Neg(x)
      y = If(c) <
        then_branch = t () => (float[2] p) { p = Identity(k) },
        else_branch = e () => (float[2] q) { q = Abs(x) }
      >
    })",
                "g (float[2] x) => (float[2] y, float[2] k) { k = Neg(x)\n y = Identity(k) }");
}

// Both Ifs have a value `a` inside, and the inner subgraph refers to it by name.
TEST(InlineIf, NamesThatMeet) {
  const std::string then = R"( then_branch = t () => (float[2] p) {
          a = Exp(x)
          p = If(d) <
            then_branch = t2 () => (float[2] p2) { p2 = Neg(a) },
            else_branch = e2 () => (float[2] q2) { q2 = Abs(a) }
          >
        })";
  const ir::Model original = ParseModel(
      "g (float[2] x, bool d) => (float[2] y, float[2] z) <bool c = {1}> {\n"
      "y = If(c) <" +
      then +
      ", else_branch = e () => (float[2] q) { q = Abs(x) }>\n"
      "z = If(c) <" +
      then + ", else_branch = e () => (float[2] q) { q = Neg(x) }>\n }");
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 2);
  EXPECT_EQ(model.graph.node_count(), 4u);
  ExpectSameOutputs(original, model, 0);
}

TEST(InlineIf, InsideOfAnother) {
  const ir::Model original = ParseModel(R"(g (float[2] x, bool d) => (float[2] y) <bool c = {1}> {
      o = Neg(x)
      y = If(d) <
        then_branch = t () => (float[2] p) {
          p = If(c) <
            then_branch = t2 () => (float[2] p2) { p2 = Exp(o) },
            else_branch = e2 () => (float[2] q2) { q2 = Abs(x) }
          >
        },
        else_branch = e () => (float[2] q) { q = Neg(x) }
      >
    })");
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass}).rewrites(), 1);
  ExpectSameOutputs(original, model, 0);
  ir::Tensor d =
      ir::Tensor::Make(ir::DataType::kBool, {}, Buffer::FromVector(std::vector<uint8_t>{1}))
          .value();
  d.name = "d";
  ExpectSameOutputs(original, model, 0, {d});
}

TEST(InlineIf, NotAComputedCondition) {
  ExpectUnchanged(kPass, R"(g (float[2] x, bool c) => (float[2] y) {
      y = If(c) <
        then_branch = t () => (float[2] p) { p = Exp(x) },
        else_branch = e () => (float[2] q) { q = Abs(x) }
      >
    })",
                  "its condition is computed at run time");
}

}  // namespace
}  // namespace edgeopt::passes
