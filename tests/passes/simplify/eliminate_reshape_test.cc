#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-reshape";

TEST(EliminateReshape, ToTheShapeThatIsThere) {
  const std::string after = "g (float[n,6] x) => (float[n,6] y) { y = Relu(x) }";
  for (const char* body : {"a = Reshape(x, s)", "a = Flatten<axis = 1>(x)",
                           "b = Unsqueeze(x, one)\n a = Squeeze(b, one)"})
    ExpectRewrite(
        kPass,
        "g (float[n,6] x) => (float[n,6] y) <int64[2] s = {0, 6}, int64[1] one = {1}> {\n" +
            std::string(body) + "\n y = Relu(a) }",
        after);
}

TEST(EliminateReshape, BackToAnAncestorThatHasOtherUses) {
  ExpectRewrite(kPass, R"(g (float[n,6] x) => (float[n,6,1] z, float[n,6] y) <int64[1] two = {2}> {
      r = Neg(x)
      a = Unsqueeze(r, two)
      z = Exp(a)
      b = Squeeze(a, two)
      y = Relu(b)
    })",
                R"(g (float[n,6] x) => (float[n,6,1] z, float[n,6] y) <int64[1] two = {2}> {
      r = Neg(x)
      a = Unsqueeze(r, two)
      z = Exp(a)
      y = Relu(r)
    })");
}

TEST(EliminateReshape, OfTwoTheLast) {
  ExpectRewrite(kPass, R"(g (float[n,2,3] x) => (float[n,3,2] y)
    <int64[2] s = {0, 6}, int64[3] t = {0, 3, 2}> {
      a = Reshape(x, s)
      y = Reshape(a, t)
    })",
                "g (float[n,2,3] x) => (float[n,3,2] y) <int64[3] t = {0, 3, 2}> {\n"
                "y = Reshape(x, t) }");
}

TEST(EliminateReshape, TheLastWithAnAbsoluteShapeNeedsNoTypes) {
  ir::Tensor data = ir::Tensor::Of<float>({2, 6}, std::vector<float>(12, 1.5f));
  data.name = "x";
  ir::Tensor shape = ir::Tensor::Of<int64_t>({3}, {3, 2, 2});
  shape.name = "s";
  ExpectRewrite(kPass, R"(g (float[n,m] x, int64[3] s) => (float[k,3] y) <int64[2] t = {-1, 3}> {
      a = Reshape(x, s)
      y = Reshape(a, t)
    })",
                "g (float[n,m] x, int64[3] s) => (float[k,3] y) <int64[2] t = {-1, 3}> {\n"
                "y = Reshape(x, t) }",
                0, {data, shape});
}

// Without axes Squeeze drops the batch when it is 1, so its rank is not known.
TEST(EliminateReshape, NotASqueezeOfWhateverIsOne) {
  ExpectUnchanged(kPass,
                  "g (float[n,4,1,1] x) => (float[n,4] y) {\n"
                  "a = Flatten<axis = 1>(x)\n y = Squeeze(a) }",
                  "its shape can't be told");
}

TEST(EliminateReshape, AxesOfTwoUnsqueezes) {
  ExpectRewrite(kPass, R"(g (float[n,m] x) => (float[1,n,1,m,1] y)
    <int64[2] a = {1, -1}, int64[1] b = {0}> {
      u = Unsqueeze(x, a)
      y = Unsqueeze(u, b)
    })",
                "g (float[n,m] x) => (float[1,n,1,m,1] y) <int64[3] c = {0, 2, 4}> {\n"
                "y = Unsqueeze(x, c) }");
}

TEST(EliminateReshape, AxesOfTwoSqueezesBeforeOpset13) {
  ExpectRewrite(kPass, Opset(12) + R"(g (float[1,n,1,m,1] x) => (float[n,m] y) {
      u = Squeeze<axes = [0, 4]>(x)
      y = Squeeze<axes = [1]>(u)
    })",
                Opset(12) +
                    "g (float[1,n,1,m,1] x) => (float[n,m] y) {\n"
                    "y = Squeeze<axes = [0, 2, 4]>(x) }");
}

TEST(EliminateReshape, NotWhatIsUsedTwice) {
  ExpectUnchanged(kPass, R"(g (float[2,6] x) => (float[12] z, float[3,4] y)
    <int64[1] s = {12}, int64[2] t = {3, 4}> {
      a = Reshape(x, s)
      z = Relu(a)
      y = Reshape(a, t)
    })",
                  "has another use");
}

TEST(EliminateReshape, NotWithTwoUnknownSizes) {
  ExpectUnchanged(kPass, R"(g (float[1,n,m] x) => (float[n,m,1] y)
    <int64[1] zero = {0}, int64[1] two = {2}> {
      a = Squeeze(x, zero)
      y = Unsqueeze(a, two)
    })",
                  "its shape can't be told");
}

TEST(EliminateReshape, NotToTheSameNumberOfElementsOfAnotherShape) {
  ExpectUnchanged(
      kPass, "g (float[n,6] x) => (float[n,6] y) <int64[2] s = {6, -1}> { y = Reshape(x, s) }", "");
}

}  // namespace
}  // namespace edgeopt::passes
