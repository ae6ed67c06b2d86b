// What symbols are proven to equal, on graphs small enough to follow by hand.
#include "passes/symbolic_types.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

// The type of `value` after inference and refinement.
std::string TypeOf(const std::string& text, const std::string& value) {
  ir::Model model = ParseModel(text);
  EXPECT_TRUE(formats::InferTypes(model).ok());
  EXPECT_TRUE(RefineTypes(model, TestContext()).ok());
  return ir::ToString(model.graph.value(model.graph.Find(value)).type);
}

TEST(RefineTypes, ReshapeToMinusOneIsTheBatch) {
  EXPECT_EQ(TypeOf("g (float[n,6] x) => (float[k,2,3] y) <int64[3] s = {-1, 2, 3}> {\n"
                   "a = Reshape(x, s)\n y = Relu(a) }",
                   "a"),
            "float32[n, 2, 3]");
}

TEST(RefineTypes, ReshapeToSizesAndMinusOne) {
  EXPECT_EQ(TypeOf("g (float[n,m,2,3] x) => (float[a,b,c] y) <int64[1] rest = {-1}> {\n"
                   "nm = Shape<end = 2>(x)\n s = Concat<axis = 0>(nm, rest)\n a = Reshape(x, s)\n"
                   "y = Relu(a) }",
                   "a"),
            "float32[n, m, 6]");
}

TEST(RefineTypes, ReshapeThatIsNotDivisibleStaysOpen) {
  const std::string type = TypeOf(
      "g (float[n,6] x) => (float[k,4] y) <int64[2] s = {-1, 4}> {\n"
      "a = Reshape(x, s)\n y = Relu(a) }",
      "a");
  EXPECT_NE(type, "float32[n, 4]");
}

TEST(RefineTypes, RangeOfASize) {
  EXPECT_EQ(TypeOf("g (float[n] x) => (int64[k] y) <int64 zero = {0}, int64 one = {1}> {\n"
                   "s = Shape(x)\n n0 = Squeeze(s)\n r = Range(zero, n0, one)\n y = Neg(r) }",
                   "r"),
            "int64[n]");
}

// The rows 0 to n of a table of 512, added to something of n rows: n rows, whether n is 1 or 600
// (which does not run).
TEST(RefineTypes, SliceOfATableAddedToItsUser) {
  EXPECT_EQ(TypeOf(R"(g (float[b,n,4] x, float[1,512,4] table) => (float[b,n,4] y)
    <int64[1] zero = {0}, int64[1] one = {1}> {
      n1 = Shape<start = 1, end = 2>(x)
      t = Slice(table, zero, n1, one)
      a = Add(x, t)
      y = Relu(a)
    })",
                   "a"),
            "float32[b, n, 4]");
}

TEST(RefineTypes, BroadcastOfTwoUnknownSizesStaysOpen) {
  const std::string type =
      TypeOf("g (float[n] x, float[m] z) => (float[k] y) { a = Add(x, z)\n y = Relu(a) }", "a");
  EXPECT_NE(type, "float32[n]");
  EXPECT_NE(type, "float32[m]");
}

// In a valid model the other side is 1 or 3 too.
TEST(RefineTypes, BroadcastWithANumber) {
  EXPECT_EQ(
      TypeOf("g (float[n] x, float[3] z) => (float[k] y) { a = Add(x, z)\n y = Relu(a) }", "a"),
      "float32[3]");
}

TEST(RefineTypes, ExpandToSizes) {
  EXPECT_EQ(
      TypeOf("g (float[1,4] x, float[n] z) => (float[k,4] y) <int64[1] one = {1}> {\n"
             "n1 = Shape(z)\n s = Concat<axis = 0>(n1, one)\n a = Expand(x, s)\n y = Relu(a) }",
             "a"),
      "float32[n, 4]");
}

TEST(RefineTypes, ConvThatKeepsTheSize) {
  const std::string head =
      "g (float[1,1,h,w] x, float[1,1,3,3] k) => (float[1,1,i,j] y) { a = Conv<";
  EXPECT_EQ(TypeOf(head + "pads = [1,1,1,1]>(x, k)\n y = Relu(a) }", "a"), "float32[1, 1, h, w]");
  const std::string strided =
      TypeOf(head + "pads = [1,1,1,1], strides = [1,2]>(x, k)\n y = Relu(a) }", "a");
  EXPECT_EQ(strided.find("float32[1, 1, h, "), 0u) << strided;
  EXPECT_EQ(strided.find("w]"), std::string::npos) << strided;
}

}  // namespace
}  // namespace edgeopt::passes
