#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-identity";

TEST(EliminateIdentity, InTheMiddle) {
  ExpectRewrite(kPass, R"(g (float[2,3] x) => (float[2,3] y) {
    a = Identity(x)
    b = Identity(a)
    y = Relu(b)
  })",
                R"(g (float[2,3] x) => (float[2,3] y) { y = Relu(x) })");
}

TEST(EliminateIdentity, BeforeAnOutputWhoseNameStays) {
  ExpectRewrite(kPass, R"(g (float[2,3] x) => (float[2,3] y) {
    a = Relu(x)
    y = Identity(a)
  })",
                R"(g (float[2,3] x) => (float[2,3] y) { y = Relu(x) })");
}

TEST(EliminateIdentity, NotBetweenInputAndOutput) {
  ExpectUnchanged(kPass, "g (float[2] x) => (float[2] y) { y = Identity(x) }",
                  "it is what gives the graph output 'y' its name");
}

TEST(EliminateIdentity, NotBetweenInitializerAndOutput) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y, float[2] z) <float[2] w = {1, 2}> {\n"
                  "y = Identity(w)\n z = Relu(x) }",
                  "it is what gives the graph output 'y' its name");
}

TEST(EliminateIdentity, NotBetweenTwoOutputs) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y, float[2] z) { y = Relu(x)\n z = Identity(y) }",
                  "it is what gives the graph output 'z' its name");
}

TEST(EliminateIdentity, InsideOfASubgraph) {
  ExpectRewrite(kPass, R"(g (bool c, float[2] x) => (float[2] y) {
    y = If(c) <
      then_branch = t () => (float[2] p) { a = Identity(x)
                                           p = Neg(a) },
      else_branch = e () => (float[2] q) { q = Identity(x) }
    >
  })",
                R"(g (bool c, float[2] x) => (float[2] y) {
    y = If(c) <
      then_branch = t () => (float[2] p) { p = Neg(x) },
      else_branch = e () => (float[2] q) { q = Identity(x) }
    >
  })");
}

}  // namespace
}  // namespace edgeopt::passes
