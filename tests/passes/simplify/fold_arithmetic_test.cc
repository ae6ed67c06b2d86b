#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fold-arithmetic";

std::string Graph(const std::string& body, const std::string& constants) {
  return "g (float[2,3] x) => (float[2,3] y) <" + constants + "> {\n" + body + " }";
}

TEST(FoldArithmetic, TwoFactors) {
  const std::string both = "float c = {4}, float d = {2}";
  ExpectRewrite(kPass, Graph("a = Mul(x, c)\n y = Mul(d, a)", both),
                Graph("y = Mul(x, e)", "float e = {8}"));
  ExpectRewrite(kPass, Graph("a = Mul(x, c)\n y = Div(a, d)", both),
                Graph("y = Mul(x, e)", "float e = {2}"));
  ExpectRewrite(kPass, Graph("a = Div(x, c)\n y = Div(a, d)", both),
                Graph("y = Mul(x, e)", "float e = {0.125}"));
}

TEST(FoldArithmetic, TwoShifts) {
  ExpectRewrite(kPass,
                Graph("a = Add(c, x)\n y = Sub(a, d)", "float[3] c = {1,2,3}, float d = {0.5}"),
                Graph("y = Add(x, e)", "float[3] e = {0.5,1.5,2.5}"), 1e-6);
  ExpectRewrite(kPass, Graph("a = Sub(x, c)\n y = Sub(a, d)", "float c = {1}, float[1,1] d = {2}"),
                Graph("y = Add(x, e)", "float[1,1] e = {-3}"), 1e-6);
}

TEST(FoldArithmetic, AChain) {
  ExpectRewrite(
      kPass, Graph("a = Mul(x, c)\n b = Mul(a, d)\n y = Mul(b, c)", "float c = {2}, float d = {8}"),
      Graph("y = Mul(x, e)", "float e = {32}"));
}

TEST(FoldArithmetic, NotMixed) {
  ExpectUnchanged(kPass, Graph("a = Mul(x, c)\n y = Add(a, c)", "float c = {2}"), "");
}

TEST(FoldArithmetic, NotAConstantMinusOrOver) {
  ExpectUnchanged(kPass, Graph("a = Sub(c, x)\n y = Sub(a, c)", "float c = {2}"), "");
  ExpectUnchanged(kPass, Graph("a = Div(c, x)\n y = Div(a, c)", "float c = {2}"), "");
}

TEST(FoldArithmetic, NotByZero) {
  ExpectUnchanged(kPass, Graph("a = Mul(x, c)\n y = Div(a, d)", "float c = {2}, float d = {0}"),
                  "");
}

TEST(FoldArithmetic, NotBeyondTheRangeOfTheType) {
  ExpectUnchanged(kPass, Graph("a = Mul(x, c)\n y = Mul(a, c)", "float c = {1e30}"),
                  "does not combine");
  ExpectUnchanged(kPass, Graph("a = Mul(x, c)\n y = Mul(a, c)", "float c = {1e-30}"),
                  "does not combine");
}

TEST(FoldArithmetic, NotOfShapesThatDiffer) {
  ExpectUnchanged(
      kPass, Graph("a = Mul(x, c)\n y = Mul(a, d)", "float[3] c = {1,2,3}, float[2,1] d = {1,2}"),
      "does not combine");
}

TEST(FoldArithmetic, NotWhatIsUsedTwice) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] z, float[2] y) <float c = {2}> {\n"
                  "z = Mul(x, c)\n y = Mul(z, c) }",
                  "has another use");
}

TEST(FoldArithmetic, NotIntegers) {
  ExpectUnchanged(
      kPass, "g (int64[2] x) => (int64[2] y) <int64 c = {2}> { a = Div(x, c)\n y = Div(a, c) }",
      "");
}

}  // namespace
}  // namespace edgeopt::passes
