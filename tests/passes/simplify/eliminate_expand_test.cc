#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-expand";
constexpr char kAfter[] = "g (float[n,3] x) => (float[n,3] y) { y = Relu(x) }";

TEST(EliminateExpand, ToOnesAndItsOwnSizes) {
  ExpectRewrite(kPass,
                "g (float[n,3] x) => (float[n,3] y) <int64[2] s = {1, 3}> {\n"
                "a = Expand(x, s)\n y = Relu(a) }",
                kAfter);
  ExpectRewrite(kPass,
                "g (float[n,3] x) => (float[n,3] y) <int64[1] s = {3}> {\n"
                "a = Expand(x, s)\n y = Relu(a) }",
                kAfter);
}

TEST(EliminateExpand, ToTheShapeOfAnEqualSymbol) {
  ExpectRewrite(kPass, R"(g (float[n,3] x, float[n,3] z) => (float[n,3] y) {
      s = Shape(z)
      a = Expand(x, s)
      y = Relu(a)
    })",
                "g (float[n,3] x, float[n,3] z) => (float[n,3] y) { y = Relu(x) }");
}

// Exporters of `expand(-1, ...)` write Where(shape == -1, 1, shape).
TEST(EliminateExpand, ToAShapeThatIsComparedWithMinusOne) {
  ExpectRewrite(kPass, R"(g (float[n,3] x) => (float[n,3] y)
    <int64[2] ones = {1, 1}, int64 minus = {-1}> {
      s = Shape(x)
      same = Equal(s, minus)
      t = Where(same, ones, s)
      a = Expand(x, t)
      y = Relu(a)
    })",
                kAfter);
}

TEST(EliminateExpand, TileByOnes) {
  ExpectRewrite(kPass,
                "g (float[n,3] x) => (float[n,3] y) <int64[2] r = {1, 1}> {\n"
                "a = Tile(x, r)\n y = Relu(a) }",
                kAfter);
}

TEST(EliminateExpand, NotToALargerShape) {
  ExpectUnchanged(
      kPass, "g (float[1,3] x) => (float[2,3] y) <int64[2] s = {2, 3}> { y = Expand(x, s) }", "");
  ExpectUnchanged(
      kPass, "g (float[2,3] x) => (float[1,2,3] y) <int64[3] s = {1, 1, 1}> { y = Expand(x, s) }",
      "");
}

TEST(EliminateExpand, NotToTheShapeOfAnotherSymbol) {
  ExpectUnchanged(kPass,
                  "g (float[n,3] x, float[m,3] z) => (float[k,3] y) {\n"
                  "s = Shape(z)\n y = Expand(x, s) }",
                  "");
}

TEST(EliminateExpand, NotByRepeats) {
  ExpectUnchanged(
      kPass, "g (float[2,3] x) => (float[2,6] y) <int64[2] r = {1, 2}> { y = Tile(x, r) }", "");
}

}  // namespace
}  // namespace edgeopt::passes
