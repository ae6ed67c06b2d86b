#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fold-scale-shift";
// As for fold-batch-norm.
constexpr double kTolerance = 3e-5;

// conv of x [1,1,2,2] into a [1,2,2,2], then `arithmetic` into y.
std::string BehindConv(const std::string& arithmetic,
                       const std::string& constants = "float c = {0}") {
  return "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 2}, float[2] b = {10, "
         "20}, " +
         constants + "> {\n a = Conv(x, w, b)\n" + arithmetic + " }";
}
std::string Conv(const std::string& weight, const std::string& bias) {
  return "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {" + weight +
         "}, float[2] b = {" + bias + "}> { y = Conv(x, w, b) }";
}
void Becomes(const std::string& before, const std::string& after) {
  ExpectRewrite(kPass, before, after, kTolerance);
}

TEST(FoldScaleShift, BehindConvPerChannel) {
  const std::string c = "float[2,1,1] c = {2, 4}";
  Becomes(BehindConv("y = Mul(a, c)", c), Conv("2, 8", "20, 80"));
  Becomes(BehindConv("y = Mul(c, a)", c), Conv("2, 8", "20, 80"));
  Becomes(BehindConv("y = Div(a, c)", c), Conv("0.5, 0.5", "5, 5"));
  Becomes(BehindConv("y = Add(c, a)", c), Conv("1, 2", "12, 24"));
  Becomes(BehindConv("y = Sub(a, c)", c), Conv("1, 2", "8, 16"));
  Becomes(BehindConv("y = Sub(c, a)", c), Conv("-1, -2", "-8, -16"));
  Becomes(BehindConv("y = Neg(a)"), Conv("-1, -2", "-10, -20"));
}

TEST(FoldScaleShift, BehindConvByOneNumber) {
  Becomes(BehindConv("y = Mul(a, c)", "float c = {3}"), Conv("3, 6", "30, 60"));
  Becomes(BehindConv("y = Add(a, c)", "float[1,1,1,1] c = {3}"), Conv("1, 2", "13, 23"));
}

TEST(FoldScaleShift, SeveralInARow) {
  Becomes(BehindConv("s = Mul(a, c)\n y = Add(s, d)", "float c = {2}, float[1,2,1,1] d = {1, 2}"),
          Conv("2, 4", "21, 42"));
}

TEST(FoldScaleShift, BehindMatMul) {
  ExpectRewrite(
      kPass,
      "g (float[n,m,2] x) => (float[n,m,2] y) <float[2,2] w = {1,2,3,4}, float[2] c = {2, 3}> {\n"
      "a = MatMul(x, w)\n y = Mul(a, c) }",
      "g (float[n,m,2] x) => (float[n,m,2] y) <float[2,2] w = {2,6,6,12}> { y = MatMul(x, w) }",
      kTolerance);
}

// A factor may go through zero padding, a shift may not.
TEST(FoldScaleShift, BeforeConv) {
  ExpectRewrite(kPass,
                "g (float[1,2,2,2] x) => (float[1,1,4,4] y) <float[1,2,1,1] w = {1, 2}, "
                "float[2,1,1] c = {2, 4}> {\n"
                "a = Mul(x, c)\n y = Conv<pads = [1,1,1,1]>(a, w) }",
                "g (float[1,2,2,2] x) => (float[1,1,4,4] y) <float[1,2,1,1] w = {2, 8}> {\n"
                "y = Conv<pads = [1,1,1,1]>(x, w) }",
                kTolerance);
  ExpectRewrite(kPass,
                "g (float[1,2,2,2] x) => (float[1,1,2,2] y) <float[1,2,1,1] w = {1, 2}, "
                "float[2,1,1] c = {2, 4}> {\n"
                "a = Sub(x, c)\n y = Conv(a, w) }",
                "g (float[1,2,2,2] x) => (float[1,1,2,2] y) <float[1,2,1,1] w = {1, 2}, float[1] b "
                "= {-10}> {\n"
                "y = Conv(x, w, b) }",
                kTolerance);
}

// (x / 255 - mean) / std before the first convolution.
TEST(FoldScaleShift, NormalizationOfTheInput) {
  ExpectRewrite(
      kPass,
      "g (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,1,1,1] w = {8}, float s = {4},"
      " float m = {0.5}, float d = {2}> {\n"
      "a = Div(x, s)\n b = Sub(a, m)\n c = Div(b, d)\n y = Conv(c, w) }",
      "g (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,1,1,1] w = {1}, float[1] b = {-2}> {\n"
      "y = Conv(x, w, b) }",
      kTolerance);
}

TEST(FoldScaleShift, MatMulAndAddBecomeGemm) {
  ExpectRewrite(
      kPass,
      "g (float[n,3] x) => (float[n,2] y) <float[3,2] w = {1,2,3,4,5,6}, float[2] b = {7, 8}> {\n"
      "a = MatMul(x, w)\n y = Add(b, a) }",
      "g (float[n,3] x) => (float[n,2] y) <float[3,2] w = {1,2,3,4,5,6}, float[2] b = {7, 8}> {\n"
      "y = Gemm(x, w, b) }",
      kTolerance);
}

// --- where it must not ---

TEST(FoldScaleShift, NotAConstantPerPixel) {
  ExpectUnchanged(kPass, BehindConv("y = Mul(a, c)", "float[2] c = {2, 4}"),
                  "its constant is not one number per channel");
}

TEST(FoldScaleShift, NotAConstantThatEnlarges) {
  ExpectUnchanged(kPass,
                  "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[1,1,1,1] w = {1}, "
                  "float[2,1,1] c = {2, 4}> {\n"
                  "a = Conv(x, w)\n y = Mul(a, c) }",
                  "its constant is not one number per channel");
  ExpectUnchanged(kPass,
                  "g (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,2,1,1] w = {1, 2}, "
                  "float[2,1,1] c = {2, 4}> {\n"
                  "a = Mul(x, c)\n y = Conv(a, w) }",
                  "its constant may enlarge the data");
}

TEST(FoldScaleShift, NotADivisionByZeroOrOfAConstant) {
  ExpectUnchanged(kPass, BehindConv("y = Div(a, c)", "float c = {0}"), "");
  ExpectUnchanged(kPass, BehindConv("y = Div(c, a)", "float c = {1}"), "");
}

TEST(FoldScaleShift, NotAShiftBeforeAConvThatPads) {
  ExpectUnchanged(
      kPass,
      "g (float[1,1,2,2] x) => (float[1,1,4,4] y) <float[1,1,1,1] w = {2}, float c = {1}> {\n"
      "a = Add(x, c)\n y = Conv<pads = [1,1,1,1]>(a, w) }",
      "pads with zeros or has no bias");
}

TEST(FoldScaleShift, NotWhatIsUsedTwice) {
  ExpectUnchanged(kPass,
                  "g (float[1,1,2,2] x) => (float[1,1,2,2] y, float[1,1,2,2] z) <float[1,1,1,1] w "
                  "= {2}, float c = {3}> {\n"
                  "z = Conv(x, w)\n y = Mul(z, c) }",
                  "");
}

TEST(FoldScaleShift, NotAShiftBehindMatMulOfMoreThanMatrices) {
  ExpectUnchanged(
      kPass,
      "g (float[n,m,2] x) => (float[n,m,2] y) <float[2,2] w = {1,2,3,4}, float[2] c = {2, 3}> {\n"
      "a = MatMul(x, w)\n y = Add(a, c) }",
      "is not of two matrices");
}

TEST(FoldScaleShift, NotTheHalfOfAGelu) {
  ExpectUnchanged(kPass, R"(g (float[2,2] x) => (float[2,2] y)
    <float r = {1.4142135}, float one = {1}, float half = {0.5}, float[2,2] w = {1,2,3,4}> {
      a = Div(x, r)
      b = Erf(a)
      c = Add(b, one)
      d = Mul(x, c)
      e = Mul(d, half)
      y = MatMul(e, w)
    })",
                  "it is part of a Gelu");
}

// 60000 and 2 in float16, whose literals are bits.
TEST(FoldScaleShift, NotBeyondTheRangeOfTheType) {
  ExpectUnchanged(kPass,
                  "g (float16[1,1,2,2] x) => (float16[1,1,2,2] y) <float16[1,1,1,1] w = {31571}, "
                  "float16 c = {16384}> {\n"
                  "a = Conv(x, w)\n y = Mul(a, c) }",
                  "would not be finite");
}

}  // namespace
}  // namespace edgeopt::passes
