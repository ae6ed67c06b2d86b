#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-arithmetic";

// x goes through `expression` into a, and a through Exp into y.
std::string Through(const std::string& expression, const std::string& constants = "",
                    const std::string& type = "float[2,3]") {
  return "g (" + type + " x) => (float[2,3] y) " +
         (constants.empty() ? "" : "<" + constants + ">") + " { " + expression + "\n y = Exp(a) }";
}
constexpr char kAfter[] = "g (float[2,3] x) => (float[2,3] y) { y = Exp(x) }";

TEST(EliminateArithmetic, NeutralElements) {
  for (const char* expression : {"a = Add(x, c)", "a = Add(c, x)", "a = Sub(x, c)"})
    ExpectRewrite(kPass, Through(expression, "float c = {0}"), kAfter);
  for (const char* expression :
       {"a = Mul(x, c)", "a = Mul(c, x)", "a = Div(x, c)", "a = Pow(x, c)"})
    ExpectRewrite(kPass, Through(expression, "float c = {1}"), kAfter);
}

TEST(EliminateArithmetic, ConstantsThatBroadcastIntoTheShape) {
  ExpectRewrite(kPass, Through("a = Add(x, c)", "float[3] c = {0,0,0}"), kAfter);
  ExpectRewrite(kPass, Through("a = Mul(x, c)", "float[2,1] c = {1,1}"), kAfter);
}

TEST(EliminateArithmetic, OfOneAndTwice) {
  ExpectRewrite(kPass, Through("a = Max(x)"), kAfter);
  ExpectRewrite(kPass, Through("a = Sum(x)"), kAfter);
  ExpectRewrite(kPass, Through("b = Neg(x)\n a = Neg(b)"), kAfter);
  ExpectRewrite(kPass, Through("b = Relu(x)\n a = Relu(b)"),
                "g (float[2,3] x) => (float[2,3] y) { b = Relu(x)\n y = Exp(b) }");
}

TEST(EliminateArithmetic, Logic) {
  const std::string after = "g (bool[3] x) => (bool[3] y) { y = Not(x) }";
  ExpectRewrite(kPass, "g (bool[3] x) => (bool[3] y) <bool c = {1}> { a = And(x, c)\n y = Not(a) }",
                after);
  ExpectRewrite(kPass, "g (bool[3] x) => (bool[3] y) <bool c = {0}> { a = Or(c, x)\n y = Not(a) }",
                after);
}

TEST(EliminateArithmetic, WhereWithAConstantCondition) {
  ExpectRewrite(kPass, Through("a = Where(c, x, z)", "bool c = {1}, float z = {7}"), kAfter);
  ExpectRewrite(kPass, Through("a = Where(c, z, x)", "bool[2,3] c = {0,0,0,0,0,0}, float z = {7}"),
                kAfter);
}

TEST(EliminateArithmetic, NotOtherConstants) {
  for (const char* expression : {"a = Add(x, c)", "a = Mul(x, c)"})
    ExpectUnchanged(kPass, Through(expression, "float c = {2}"), "");
  ExpectUnchanged(kPass, Through("a = Add(x, c)", "float[3] c = {0,0,1}"), "");
  ExpectUnchanged(kPass, Through("a = Sub(c, x)", "float c = {0}"), "");
  ExpectUnchanged(kPass, Through("a = Div(c, x)", "float c = {1}"), "");
  ExpectUnchanged(kPass, Through("a = Pow(c, x)", "float c = {1}"), "");
}

TEST(EliminateArithmetic, NotWhereTheConstantEnlarges) {
  ExpectUnchanged(kPass, Through("a = Add(x, c)", "float[2,3] c = {0,0,0,0,0,0}", "float[3]"), "");
  ExpectUnchanged(kPass, Through("a = Mul(x, c)", "float[2,1] c = {1,1}", "float[1,3]"), "");
  // n may be 1.
  ExpectUnchanged(kPass, Through("a = Mul(x, c)", "float[2,1] c = {1,1}", "float[n,3]"), "");
}

TEST(EliminateArithmetic, NotAWhereThatChooses) {
  ExpectUnchanged(kPass, Through("a = Where(c, x, z)", "bool[3] c = {1,0,1}, float z = {7}"), "");
  // The condition makes the result larger than x.
  ExpectUnchanged(
      kPass, Through("a = Where(c, x, z)", "bool[2,1] c = {1,1}, float z = {7}", "float[3]"), "");
}

TEST(EliminateArithmetic, NotOfTwo) {
  ExpectUnchanged(kPass, Through("a = Max(x, c)", "float c = {0}"), "");
  ExpectUnchanged(kPass, Through("b = Abs(x)\n a = Relu(b)"), "");
}

}  // namespace
}  // namespace edgeopt::passes
