#include <cmath>

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "canonicalize-clip";

std::string Graph(const std::string& body, const std::string& constants = "") {
  return "g (float[8] x) => (float[8] y) " + (constants.empty() ? "" : "<" + constants + ">") +
         " {\n" + body + " }";
}
// Values on both sides of all limits.
std::vector<ir::Tensor> Data() {
  ir::Tensor x = ir::Tensor::Of<float>({8}, {-9, -1, -0.5f, 0, 0.25f, 3, 6, 9});
  x.name = "x";
  return {x};
}
void Becomes(const std::string& before, const std::string& after) {
  ExpectRewrite(kPass, before, after, 0, Data());
}

TEST(CanonicalizeClip, MinOfMax) {
  const std::string constants = "float lo = {-1}, float hi = {6}";
  const std::string after = Graph("y = Clip(x, lo, hi)", constants);
  Becomes(Graph("a = Max(x, lo)\n y = Min(a, hi)", constants), after);
  Becomes(Graph("a = Max(lo, x)\n y = Min(hi, a)", constants), after);
  Becomes(Graph("a = Min(x, hi)\n y = Max(a, lo)", constants), after);
}

TEST(CanonicalizeClip, ReluAndClipMerge) {
  const std::string after = Graph("y = Clip(x, lo, hi)", "float lo = {0}, float hi = {6}");
  Becomes(Graph("a = Relu(x)\n y = Min(a, hi)", "float hi = {6}"), after);
  Becomes(Graph("a = Relu(x)\n y = Clip(a, lo, hi)", "float lo = {-3}, float hi = {6}"), after);
  Becomes(Graph("a = Clip(x, lo, hi)\n y = Relu(a)", "float lo = {-3}, float hi = {6}"), after);
}

// Two ranges that overlap, one inside of the other, and two that do not meet: the outer one's end.
TEST(CanonicalizeClip, TwoClips) {
  const auto two = [](const std::string& limits) {
    return Graph("a = Clip(x, l1, h1)\n y = Clip(a, l2, h2)", limits);
  };
  const auto one = [](const std::string& lo, const std::string& hi) {
    return Graph("y = Clip(x, lo, hi)", "float lo = {" + lo + "}, float hi = {" + hi + "}");
  };
  Becomes(two("float l1 = {-2}, float h1 = {4}, float l2 = {-1}, float h2 = {7}"), one("-1", "4"));
  Becomes(two("float l1 = {-9}, float h1 = {9}, float l2 = {-1}, float h2 = {1}"), one("-1", "1"));
  Becomes(two("float l1 = {-5}, float h1 = {-3}, float l2 = {1}, float h2 = {2}"), one("1", "1"));
}

TEST(CanonicalizeClip, LongChain) {
  Becomes(Graph("a = Max(x, lo)\n b = Relu(a)\n c = Clip(b, none, hi)\n y = Min(c, top)",
                "float lo = {-4}, float none = {-5}, float hi = {6}, float top = {7}"),
          Graph("y = Clip(x, zero, hi)", "float zero = {0}, float hi = {6}"));
}

TEST(CanonicalizeClip, BecomesRelu) {
  const std::string after = Graph("y = Relu(x)");
  Becomes(Graph("y = Clip(x, lo)", "float lo = {0}"), after);
  Becomes(Graph("y = Clip(x, lo, hi)", "float lo = {0}, float hi = {3.4028235e38}"), after);
  Becomes(Graph("y = Max(x, lo)", "float lo = {0}"), after);
  Becomes(Graph("a = Relu(x)\n y = Relu(a)"), after);
}

TEST(CanonicalizeClip, BecomesNothing) {
  Becomes(Graph("a = Clip(x)\n y = Neg(a)"), Graph("y = Neg(x)"));
  Becomes(Graph("a = Clip(x, lo)\n y = Neg(a)", "float lo = {-3.4028235e38}"), Graph("y = Neg(x)"));
}

TEST(CanonicalizeClip, LimitsInAttributes) {
  Becomes(Opset(10) + Graph("a = Relu(x)\n y = Clip<max = 6.0>(a)"),
          Opset(10) + Graph("y = Clip<min = 0.0, max = 6.0>(x)"));
  Becomes(Opset(10) + Graph("y = Clip<min = 0.0>(x)"), Opset(10) + Graph("y = Relu(x)"));
}

TEST(CanonicalizeClip, NotAClipThatIsOne) {
  ExpectUnchanged(kPass, Graph("y = Clip(x, lo, hi)", "float lo = {0}, float hi = {6}"), "");
  ExpectUnchanged(kPass, Graph("y = Max(x, lo)", "float lo = {1}"), "");
  ExpectUnchanged(kPass, Graph("y = Min(x, hi)", "float hi = {0}"), "");
}

// min(max(x, 3), 1) is 1 everywhere, and so is Clip(x, 3, 1); max(min(x, 1), 3) is 3.
TEST(CanonicalizeClip, NotAnEmptyRange) {
  ExpectUnchanged(kPass, Graph("y = Clip(x, lo, hi)", "float lo = {3}, float hi = {1}"),
                  "its limits are computed at run time, or leave no range");
}

TEST(CanonicalizeClip, NotComputedLimits) {
  ExpectUnchanged(kPass, "g (float[8] x, float lo) => (float[8] y) { y = Clip(x, lo) }",
                  "its limits are computed at run time");
}

TEST(CanonicalizeClip, NotALimitPerElement) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y) <float[2] lo = {0, 1}, float hi = {6}> {\n"
                  "a = Max(x, lo)\n y = Min(a, hi) }",
                  "");
}

TEST(CanonicalizeClip, NotALimitThatEnlarges) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[1,2] y) <float[1,1] lo = {0}> { y = Max(x, lo) }", "");
}

TEST(CanonicalizeClip, NotAcrossWhatIsUsedTwice) {
  ExpectUnchanged(kPass,
                  "g (float[8] x) => (float[8] z, float[8] y) <float hi = {6}> {\n"
                  "z = Relu(x)\n y = Min(z, hi) }",
                  "");
}

TEST(CanonicalizeClip, NotIntegers) {
  ExpectUnchanged(kPass,
                  "g (int64[8] x) => (int64[8] y) <int64 lo = {0}, int64 hi = {6}> {\n"
                  "a = Max(x, lo)\n y = Min(a, hi) }",
                  "");
}

}  // namespace
}  // namespace edgeopt::passes
