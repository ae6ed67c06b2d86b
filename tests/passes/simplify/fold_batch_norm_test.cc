#include <cmath>

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fold-batch-norm";
// Folding rounds each weight once, by 2^-24 of itself at most, and a sum of products |w x| up to
// 500 as often as it has terms: 500 * 2^-24 = 3e-5.
constexpr double kTolerance = 3e-5;

// scale = gamma / sqrt(variance + 0), shift = beta - mean * scale: channel 0: 2 / 2 = 1 and
// 1 - 3 = -2; channel 1: 3 / 0.5 = 6 and 0 - 0.5 * 6 = -3.
constexpr char kNorm[] =
    "float[2] gamma = {2, 3}, float[2] beta = {1, 0}, float[2] mean = {3, 0.5},"
    " float[2] variance = {4, 0.25}";
std::string Norm(const std::string& x, const std::string& y) {
  return y + " = BatchNormalization<epsilon = 0.0>(" + x + ", gamma, beta, mean, variance)\n";
}

TEST(FoldBatchNorm, BehindConv) {
  ExpectRewrite(kPass,
                "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 2},"
                " float[2] b = {10, 20}, " +
                    std::string(kNorm) +
                    "> {\n"
                    "a = Conv(x, w, b)\n" +
                    Norm("a", "y") + "}",
                "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 12},"
                " float[2] b = {8, 117}> { y = Conv(x, w, b) }",
                kTolerance);
}

TEST(FoldBatchNorm, BehindConvWithoutBias) {
  ExpectRewrite(kPass,
                "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 2}, " +
                    std::string(kNorm) + "> {\n a = Conv(x, w)\n" + Norm("a", "y") + "}",
                "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 12},"
                " float[2] b = {-2, -3}> { y = Conv(x, w, b) }",
                kTolerance);
}

// Weight [in, out / groups, ...]: with 2 groups, out channel 1 is row 1.
TEST(FoldBatchNorm, BehindConvTranspose) {
  ExpectRewrite(kPass,
                "g (float[1,2,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 2}, " +
                    std::string(kNorm) + "> {\n a = ConvTranspose<group = 2>(x, w)\n" +
                    Norm("a", "y") + "}",
                "g (float[1,2,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 12},"
                " float[2] b = {-2, -3}> { y = ConvTranspose<group = 2>(x, w, b) }",
                kTolerance);
  ExpectRewrite(
      kPass,
      "g (float[1,3,2,2] x) => (float[1,2,2,2] y) <float[3,2,1,1] w = {1, 2, 3, 4, 5, 6}, " +
          std::string(kNorm) + "> {\n a = ConvTranspose(x, w)\n" + Norm("a", "y") + "}",
      "g (float[1,3,2,2] x) => (float[1,2,2,2] y) <float[3,2,1,1] w = {1, 12, 3, 24, 5, 36},"
      " float[2] b = {-2, -3}> { y = ConvTranspose(x, w, b) }",
      kTolerance);
}

TEST(FoldBatchNorm, BehindGemm) {
  ExpectRewrite(kPass,
                "g (float[4,3] x) => (float[4,2] y) <float[3,2] w = {1,2,3,4,5,6}, float[1,2] c = "
                "{10, 20}, " +
                    std::string(kNorm) + "> {\n a = Gemm(x, w, c)\n" + Norm("a", "y") + "}",
                "g (float[4,3] x) => (float[4,2] y) <float[3,2] w = {1,12,3,24,5,36}, float[2] c = "
                "{8, 117}> {\n"
                "y = Gemm(x, w, c) }",
                kTolerance);
  ExpectRewrite(kPass,
                "g (float[4,3] x) => (float[4,2] y) <float[2,3] w = {1,2,3,4,5,6}, " +
                    std::string(kNorm) + "> {\n a = Gemm<transB = 1>(x, w)\n" + Norm("a", "y") +
                    "}",
                "g (float[4,3] x) => (float[4,2] y) <float[2,3] w = {1,2,3,24,30,36}, float[2] c = "
                "{-2, -3}> {\n"
                "y = Gemm<transB = 1>(x, w, c) }",
                kTolerance);
}

// b[o] = 7 + sum over i of w[o,i] shift[i] = 7 + 1 * -2 + 2 * -3.
TEST(FoldBatchNorm, BeforeConvWithoutPadding) {
  ExpectRewrite(
      kPass,
      "g (float[1,2,2,2] x) => (float[1,1,2,2] y) <float[1,2,1,1] w = {1, 2}, float[1] b = {7}, " +
          std::string(kNorm) + "> {\n" + Norm("x", "a") + "y = Conv(a, w, b) }",
      "g (float[1,2,2,2] x) => (float[1,1,2,2] y) <float[1,2,1,1] w = {1, 12}, float[1] b = {-1}> "
      "{\n"
      "y = Conv(x, w, b) }",
      kTolerance);
}

TEST(FoldBatchNorm, BeforeDepthwiseConv) {
  ExpectRewrite(kPass,
                "g (float[1,2,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 2}, " +
                    std::string(kNorm) + "> {\n" + Norm("x", "a") + "y = Conv<group = 2>(a, w) }",
                "g (float[1,2,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 12}, float[2] "
                "b = {-2, -6}> {\n"
                "y = Conv<group = 2>(x, w, b) }",
                kTolerance);
}

// --- where it must not ---

std::string BehindConv(const std::string& conv, const std::string& rest = "",
                       const std::string& parameters = kNorm) {
  return "g (float[1,1,2,2] x) => (float[1,2,2,2] y" +
         std::string(rest.empty() ? "" : ", float[1,2,2,2] z") + ") <float[2,1,1,1] w = {1, 2}, " +
         parameters + "> {\n" + conv + "\n" + rest + Norm("a", "y") + "}";
}

TEST(FoldBatchNorm, NotWhenTheLayerHasAnotherUse) {
  ExpectUnchanged(kPass, BehindConv("a = Conv(x, w)", "z = Relu(a)\n"), "there is no layer");
}

TEST(FoldBatchNorm, NotWhenTheWeightIsShared) {
  ExpectUnchanged(kPass, BehindConv("a = Conv(x, w)", "z = Conv(x, w)\n"),
                  "the weight is used elsewhere too");
}

TEST(FoldBatchNorm, NotAnInfiniteScale) {
  ExpectUnchanged(
      kPass,
      BehindConv("a = Conv(x, w)", "",
                 "float[2] gamma = {2, 3}, float[2] beta = {1, 0}, float[2] mean = {3, 0},"
                 " float[2] variance = {0, 1}"),
      "its parameters are not constants that give finite scales");
}

TEST(FoldBatchNorm, NotWithoutALayer) {
  ExpectUnchanged(kPass,
                  "g (float[1,2,2,2] x) => (float[1,2,2,2] y) <" + std::string(kNorm) + "> {\n" +
                      Norm("x", "y") + "}",
                  "there is no layer to fold it into");
}

TEST(FoldBatchNorm, NotAComputedWeight) {
  ExpectUnchanged(kPass,
                  "g (float[1,1,2,2] x, float[2,1,1,1] w) => (float[1,2,2,2] y) <" +
                      std::string(kNorm) + "> {\n a = Conv(x, w)\n" + Norm("a", "y") + "}",
                  "the weight is computed at run time");
}

TEST(FoldBatchNorm, NotBeforeAConvThatPads) {
  ExpectUnchanged(kPass,
                  "g (float[1,2,2,2] x) => (float[1,1,4,4] y) <float[1,2,1,1] w = {1, 2}, " +
                      std::string(kNorm) + "> {\n" + Norm("x", "a") +
                      "y = Conv<pads = [1,1,1,1]>(a, w) }",
                  "pads");
}

TEST(FoldBatchNorm, NotInTrainingMode) {
  ExpectUnchanged(kPass,
                  "g (float[1,1,2,2] x) => (float[1,2,2,2] y) <float[2,1,1,1] w = {1, 2}, " +
                      std::string(kNorm) +
                      "> {\n a = Conv(x, w)\n y, m, v = BatchNormalization<training_mode = 1>"
                      "(a, gamma, beta, mean, variance) }",
                  "it is in training mode");
}

TEST(FoldBatchNorm, NotAGemmWithBeta) {
  ExpectUnchanged(
      kPass,
      "g (float[4,3] x) => (float[4,2] y) <float[3,2] w = {1,2,3,4,5,6}, float[2] c = {1, 2}, " +
          std::string(kNorm) + "> {\n a = Gemm<beta = 0.5>(x, w, c)\n" + Norm("a", "y") + "}",
      "beta is not 1");
}

TEST(FoldBatchNorm, NotAGemmWithABiasPerRow) {
  ExpectUnchanged(
      kPass,
      "g (float[2,3] x) => (float[2,2] y) <float[3,2] w = {1,2,3,4,5,6}, float[2,1] c = {1, 2}, " +
          std::string(kNorm) + "> {\n a = Gemm(x, w, c)\n" + Norm("a", "y") + "}",
      "the bias is not one per channel");
}

}  // namespace
}  // namespace edgeopt::passes
