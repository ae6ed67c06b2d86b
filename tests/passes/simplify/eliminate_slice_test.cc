#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-slice";
constexpr char kAfter[] = "g (float[n,6] x) => (float[n,6] y) { y = Relu(x) }";

// x sliced by the initializers s (starts), e (ends), a (axes), t (steps).
std::string Sliced(const std::string& parameters, const std::string& inputs) {
  return "g (float[n,6] x) => (float[n,6] y) <" + parameters + "> {\n b = Slice(" + inputs +
         ")\n y = Relu(b) }";
}

TEST(EliminateSlice, FullRange) {
  ExpectRewrite(kPass, Sliced("int64[1] s = {0}, int64[1] e = {6}, int64[1] a = {1}", "x, s, e, a"),
                kAfter);
  ExpectRewrite(
      kPass,
      Sliced("int64[2] s = {0, 0}, int64[2] e = {9223372036854775807, 2147483647}", "x, s, e"),
      kAfter);
  ExpectRewrite(kPass,
                Sliced("int64[1] s = {0}, int64[1] e = {99}, int64[1] a = {-1}, int64[1] t = {1}",
                       "x, s, e, a, t"),
                kAfter);
}

TEST(EliminateSlice, ToTheSizeOfTheSameSymbol) {
  ExpectRewrite(kPass, R"(g (float[n,6] x, float[n,2] z) => (float[n,6] y)
    <int64[1] s = {0}, int64[1] a = {0}, int64 zero = {0}> {
      shape = Shape(z)
      n0 = Gather(shape, zero)
      e = Unsqueeze(n0, a)
      b = Slice(x, s, e, a)
      y = Relu(b)
    })",
                "g (float[n,6] x, float[n,2] z) => (float[n,6] y) { y = Relu(x) }");
}

TEST(EliminateSlice, BeforeOpset10) {
  ExpectRewrite(kPass,
                Opset(9) +
                    "g (float[n,6] x) => (float[n,6] y) {\n"
                    "b = Slice<starts = [0], ends = [6], axes = [1]>(x)\n y = Relu(b) }",
                kAfter);
}

TEST(EliminateSlice, AxesTakenAsAWholeAreLeftOut) {
  ExpectRewrite(kPass,
                "g (float[n,6,4] x) => (float[n,3,4] y) <int64[3] s = {0, 1, 0},"
                " int64[3] e = {2147483647, 4, 4}, int64[3] a = {0, 1, 2}> {\n"
                "y = Slice(x, s, e, a) }",
                "g (float[n,6,4] x) => (float[n,3,4] y) <int64[1] s = {1}, int64[1] e = {4},"
                " int64[1] a = {1}> { y = Slice(x, s, e, a) }");
}

TEST(EliminateSlice, TwoOverDifferentAxesMerge) {
  ExpectRewrite(kPass, R"(g (float[4,6] x) => (float[2,2] y)
    <int64[1] s1 = {1}, int64[1] e1 = {3}, int64[1] a1 = {0},
     int64[1] s2 = {-1}, int64[1] e2 = {-6}, int64[1] a2 = {-1}, int64[1] t2 = {-3}> {
      b = Slice(x, s1, e1, a1)
      y = Slice(b, s2, e2, a2, t2)
    })",
                R"(g (float[4,6] x) => (float[2,2] y)
    <int64[2] s = {1, -1}, int64[2] e = {3, -6}, int64[2] a = {0, 1}, int64[2] t = {1, -3}> {
      y = Slice(x, s, e, a, t)
    })");
}

// Pixels of even and odd columns and rows, as detectors begin: two, and four behind them.
TEST(EliminateSlice, SlicesOfOneSliceAllMerge) {
  ExpectRewrite(kPass, R"(g (float[1,3,4,6] x) => (float[1,3,2,3] y, float[1,3,2,3] z)
    <int64[1] zero = {0}, int64[1] one = {1}, int64[1] e = {2147483647}, int64[1] two = {2},
     int64[1] three = {3}> {
      rows = Slice(x, zero, e, two, two)
      y = Slice(rows, zero, e, three, two)
      z = Slice(rows, one, e, three, two)
    })",
                R"(g (float[1,3,4,6] x) => (float[1,3,2,3] y, float[1,3,2,3] z)
    <int64[2] s = {0, 0}, int64[2] e = {2147483647, 2147483647}, int64[2] a = {2, 3},
     int64[2] t = {2, 2}, int64[2] s2 = {0, 1}, int64[2] e2 = {2147483647, 2147483647},
     int64[2] a2 = {2, 3}, int64[2] t2 = {2, 2}> {
      y = Slice(x, s, e, a, t)
      z = Slice(x, s2, e2, a2, t2)
    })");
}

TEST(EliminateSlice, NotPartOfARange) {
  ExpectUnchanged(kPass,
                  Sliced("int64[1] s = {1}, int64[1] e = {6}, int64[1] a = {1}", "x, s, e, a"), "");
  ExpectUnchanged(kPass,
                  Sliced("int64[1] s = {0}, int64[1] e = {5}, int64[1] a = {1}", "x, s, e, a"), "");
  ExpectUnchanged(
      kPass, Sliced("int64[1] s = {0}, int64[1] e = {-1}, int64[1] a = {1}", "x, s, e, a"), "");
}

TEST(EliminateSlice, NotBySteps) {
  ExpectUnchanged(kPass,
                  Sliced("int64[1] s = {0}, int64[1] e = {6}, int64[1] a = {1}, int64[1] t = {2}",
                         "x, s, e, a, t"),
                  "");
}

// A number that is larger than the batch usually is proves nothing about the batch.
TEST(EliminateSlice, NotOfAnUnknownSize) {
  ExpectUnchanged(
      kPass, Sliced("int64[1] s = {0}, int64[1] e = {64}, int64[1] a = {0}", "x, s, e, a"), "");
}

TEST(EliminateSlice, NotTheSizeOfAnotherSymbol) {
  ExpectUnchanged(kPass, R"(g (float[n,6] x, float[m,2] z) => (float[k,6] y)
    <int64[1] s = {0}, int64[1] a = {0}> {
      e = Shape<start = 0, end = 1>(z)
      y = Slice(x, s, e, a)
    })",
                  "");
}

TEST(EliminateSlice, NotTwoOverTheSameAxis) {
  ExpectUnchanged(kPass, R"(g (float[6] x) => (float[2] y)
    <int64[1] s = {1}, int64[1] e = {5}, int64[1] f = {3}, int64[1] a = {0}> {
      b = Slice(x, s, e, a)
      y = Slice(b, s, f, a)
    })",
                  "it slices the same axis");
}

TEST(EliminateSlice, NotWhatIsUsedTwice) {
  ExpectUnchanged(kPass, R"(g (float[4,6] x) => (float[2,6] z, float[2,2] y)
    <int64[1] s = {1}, int64[1] e = {3}, int64[1] a0 = {0}, int64[1] a1 = {1}> {
      b = Slice(x, s, e, a0)
      z = Relu(b)
      y = Slice(b, s, e, a1)
    })",
                  "the Slice before it has other users");
}

TEST(EliminateSlice, NotWhenOneOfItsUsersSlicesTheSameAxis) {
  ExpectUnchanged(kPass, R"(g (float[4,6] x) => (float[1,6] z, float[2,2] y)
    <int64[1] s = {1}, int64[1] e = {3}, int64[1] f = {2}, int64[1] a0 = {0}, int64[1] a1 = {1}> {
      b = Slice(x, s, e, a0)
      z = Slice(b, s, f, a0)
      y = Slice(b, s, e, a1)
    })",
                  "it slices the same axis");
}

// The first Slice stays for the graph's output: merging would only add work.
TEST(EliminateSlice, NotAGraphOutput) {
  ExpectUnchanged(kPass, R"(g (float[4,6] x) => (float[2,6] b, float[2,2] y)
    <int64[1] s = {1}, int64[1] e = {3}, int64[1] a0 = {0}, int64[1] a1 = {1}> {
      b = Slice(x, s, e, a0)
      y = Slice(b, s, e, a1)
    })",
                  "");
}

}  // namespace
}  // namespace edgeopt::passes
