#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-transpose";

TEST(EliminateTranspose, Identity) {
  ExpectRewrite(
      kPass, "g (float[2,n] x) => (float[2,n] y) { a = Transpose<perm = [0, 1]>(x)\n y = Relu(a) }",
      "g (float[2,n] x) => (float[2,n] y) { y = Relu(x) }");
}

TEST(EliminateTranspose, OfAxesOfSizeOne) {
  ExpectRewrite(kPass,
                "g (float[1,1,n] x) => (float[1,1,n] y) {\n"
                "a = Transpose<perm = [1, 0, 2]>(x)\n y = Relu(a) }",
                "g (float[1,1,n] x) => (float[1,1,n] y) { y = Relu(x) }");
}

TEST(EliminateTranspose, TwoThatCancelThoughTheFirstHasOtherUses) {
  ExpectRewrite(kPass, R"(g (float[2,3] x) => (float[3,2] z, float[2,3] y) {
      a = Transpose(x)
      z = Relu(a)
      b = Transpose<perm = [1, 0]>(a)
      y = Exp(b)
    })",
                R"(g (float[2,3] x) => (float[3,2] z, float[2,3] y) {
      a = Transpose(x)
      z = Relu(a)
      y = Exp(x)
    })");
}

TEST(EliminateTranspose, TwoBecomeOne) {
  ExpectRewrite(kPass, R"(g (float[2,3,4] x) => (float[4,3,2] y) {
      a = Transpose<perm = [1, 2, 0]>(x)
      y = Transpose<perm = [1, 0, 2]>(a)
    })",
                "g (float[2,3,4] x) => (float[4,3,2] y) { y = Transpose<perm = [2, 1, 0]>(x) }");
}

TEST(EliminateTranspose, AcrossElementwiseOperators) {
  ExpectRewrite(kPass,
                R"(g (float[2,3,4] x) => (float[2,3,4] y) <float two = {2}, float[1] six = {6}> {
      a = Transpose<perm = [0, 2, 1]>(x)
      b = Mul(two, a)
      c = Clip(b, two)
      d = Add(c, six)
      y = Transpose<perm = [0, 2, 1]>(d)
    })",
                R"(g (float[2,3,4] x) => (float[2,3,4] y) <float two = {2}, float[1] six = {6}> {
      b = Mul(two, x)
      c = Clip(b, two)
      y = Add(c, six)
    })");
}

TEST(EliminateTranspose, OfBothOperandsIsDoneOnceBehind) {
  ExpectRewrite(kPass, R"(g (float[2,3] a, float[2,1] b) => (float[3,2] y) {
      c = Transpose(a)
      d = Transpose<perm = [1, 0]>(b)
      y = Sub(c, d)
    })",
                R"(g (float[2,3] a, float[2,1] b) => (float[3,2] y) {
      c = Sub(a, b)
      y = Transpose<perm = [1, 0]>(c)
    })");
}

TEST(EliminateTranspose, OfAllPartsOfAConcat) {
  ExpectRewrite(kPass, R"(g (float[2,3,4] a, float[2,3,5] b) => (float[2,9,3] y) {
      c = Transpose<perm = [0, 2, 1]>(a)
      d = Transpose<perm = [0, 2, 1]>(b)
      y = Concat<axis = -2>(c, d)
    })",
                R"(g (float[2,3,4] a, float[2,3,5] b) => (float[2,9,3] y) {
      c = Concat<axis = 2>(a, b)
      y = Transpose<perm = [0, 2, 1]>(c)
    })");
}

TEST(EliminateTranspose, ReshapeThatMovesOnes) {
  ExpectRewrite(kPass, R"(g (float[n,4,1,5] x) => (float[n,5,4,1] y) <int64[4] s = {0, 5, 4, 1}> {
      a = Transpose<perm = [0, 2, 3, 1]>(x)
      y = Reshape(a, s)
    })",
                "g (float[n,4,1,5] x) => (float[n,5,4,1] y) {\n"
                "y = Transpose<perm = [0, 3, 1, 2]>(x) }");
}

TEST(EliminateTranspose, IntoGemm) {
  ExpectRewrite(kPass, R"(g (float[3,2] a, float[5,3] b) => (float[2,5] y) {
      c = Transpose(a)
      d = Transpose(b)
      y = Gemm(c, d)
    })",
                "g (float[3,2] a, float[5,3] b) => (float[2,5] y) {\n"
                "y = Gemm<transA = 1, transB = 1>(a, b) }",
                1e-6);
  ExpectRewrite(kPass, R"(g (float[2,3] a, float[3,5] b) => (float[2,5] y) {
      d = Transpose(b)
      y = Gemm<transB = 1>(a, d)
    })",
                "g (float[2,3] a, float[3,5] b) => (float[2,5] y) { y = Gemm<transB = 0>(a, b) }",
                1e-6);
}

TEST(EliminateTranspose, NotOneThatMoves) {
  ExpectUnchanged(kPass, "g (float[2,3] x) => (float[3,2] y) { y = Transpose(x) }", "");
  ExpectUnchanged(kPass, "g (float[2,2] x) => (float[2,2] y) { y = Transpose(x) }", "");
  // n may be 1, but need not.
  ExpectUnchanged(kPass, "g (float[n,n] x) => (float[n,n] y) { y = Transpose(x) }", "");
}

TEST(EliminateTranspose, NotAcrossWhatIsUsedTwice) {
  ExpectUnchanged(kPass, R"(g (float[2,3] x) => (float[3,2] z, float[2,3] y) {
      a = Transpose(x)
      z = Relu(a)
      y = Transpose(z)
    })",
                  "before it has another use");
}

TEST(EliminateTranspose, NotAcrossAnOperandPerChannel) {
  ExpectUnchanged(kPass, R"(g (float[2,3] x) => (float[2,3] y) <float[2] c = {1, 2}> {
      a = Transpose(x)
      b = Add(a, c)
      y = Transpose(b)
    })",
                  "");
}

TEST(EliminateTranspose, NotAcrossAnOperatorThatKnowsAxes) {
  ExpectUnchanged(kPass, R"(g (float[2,3] x) => (float[2,3] y) {
      a = Transpose(x)
      b = Softmax(a)
      y = Transpose(b)
    })",
                  "");
}

TEST(EliminateTranspose, NotOfDifferentPermutations) {
  ExpectUnchanged(kPass, R"(g (float[2,3,4] a, float[3,2,4] b) => (float[4,3,2] y) {
      c = Transpose<perm = [2, 1, 0]>(a)
      d = Transpose<perm = [2, 0, 1]>(b)
      y = Add(c, d)
    })",
                  "");
}

TEST(EliminateTranspose, NotAReshapeThatRegroups) {
  ExpectUnchanged(kPass, R"(g (float[2,6] x) => (float[4,3] y) <int64[2] s = {4, 3}> {
      a = Transpose(x)
      y = Reshape(a, s)
    })",
                  "it does more than to move axes of size 1");
}

}  // namespace
}  // namespace edgeopt::passes
