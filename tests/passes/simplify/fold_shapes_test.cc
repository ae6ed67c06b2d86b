#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fold-shapes";

// Sizes of x [n,3,4,5] go through `computation` into s, which decides how x is reshaped.
std::string Reshaped(const std::string& computation, const std::string& constants,
                     const std::string& out) {
  return "g (float[n,3,4,5] x) => (float" + out + " y) <" + constants + "> {\n" + computation +
         "\n y = Reshape(x, s) }";
}
std::string By(const std::string& shape, const std::string& rank, const std::string& out) {
  return "g (float[n,3,4,5] x) => (float" + out + " y) <int64[" + rank + "] s = {" + shape +
         "}> { y = Reshape(x, s) }";
}

TEST(FoldShapes, SizesThatAreKnownThoughTheBatchIsNot) {
  ExpectRewrite(kPass,
                "g (float[n,3,4,5] x) => (int64 y) <int64[1] i = {2}, int64 j = {0}> {\n"
                "s = Shape(x)\n a = Gather(s, i)\n b = Gather(a, j)\n y = Abs(b) }",
                "g (float[n,3,4,5] x) => (int64 y) <int64 b = {4}> { y = Abs(b) }");
  ExpectRewrite(kPass,
                "g (float[n,3,4,5] x) => (int64[2] y) {\n"
                "a = Shape<start = -2>(x)\n y = Abs(a) }",
                "g (float[n,3,4,5] x) => (int64[2] y) <int64[2] a = {4, 5}> { y = Abs(a) }");
}

TEST(FoldShapes, ArithmeticOfSizes) {
  ExpectRewrite(kPass,
                "g (float[n,3,4,5] x) => (int64[1] y) <int64[1] f = {1}, int64[1] t = {4},"
                " int64[1] two = {2}, int64[1] seven = {7}> {\n"
                "s = Shape(x)\n a = Slice(s, f, t)\n p = ReduceProd<keepdims = 1>(a)\n"
                "m = Mul(p, two)\n d = Div(m, seven)\n u = Sub(d, two)\n y = Abs(u) }",
                "g (float[n,3,4,5] x) => (int64[1] y) <int64[1] u = {15}> { y = Abs(u) }");
}

TEST(FoldShapes, ReshapeKeepsTheBatch) {
  const std::string constants = "int64 zero = {0}, int64[1] axis = {0}, int64[1] rest = {-1}";
  const std::string batch = "t = Shape(x)\n n0 = Gather(t, zero)\n n1 = Unsqueeze(n0, axis)\n";
  // What -1 stands for follows from the balance of elements.
  ExpectRewrite(kPass, Reshaped(batch + "s = Concat<axis = 0>(n1, rest)", constants, "[n,60]"),
                By("0, 60", "2", "[n,60]"));
  ExpectRewrite(kPass,
                Reshaped(batch + "s = Concat<axis = 0>(n1, five, rest)",
                         constants + ", int64[1] five = {5}", "[n,5,12]"),
                By("0, 5, 12", "3", "[n,5,12]"));
}

TEST(FoldShapes, ReshapeWithTheBatchElsewhere) {
  ExpectRewrite(kPass,
                Reshaped("n1 = Shape<end = 1>(x)\n s = Concat<axis = 0>(k, n1)",
                         "int64[1] k = {60}", "[60,n]"),
                By("60, -1", "2", "[60,n]"));
}

TEST(FoldShapes, ReshapeByWhatIsNoSize) {
  ExpectRewrite(kPass,
                "g (float[n,6] x, int64[1] m) => (float[k,3] y) <int64[1] three = {3}> {\n"
                "s = Concat<axis = 0>(m, three)\n y = Reshape(x, s) }",
                "g (float[n,6] x, int64[1] m) => (float[k,3] y) <int64[2] s = {-1, 3}> {\n"
                "y = Reshape(x, s) }",
                0, {[] {
                  ir::Tensor m = ir::Tensor::Of<int64_t>({1}, {4});
                  m.name = "m";
                  return m;
                }()});
}

TEST(FoldShapes, ExpandKeepsTheBatch) {
  ExpectRewrite(kPass,
                "g (float[n,1] x) => (float[n,7] y) <int64[1] seven = {7}> {\n"
                "n1 = Shape<end = 1>(x)\n s = Concat<axis = 0>(n1, seven)\n y = Expand(x, s) }",
                "g (float[n,1] x) => (float[n,7] y) <int64[2] s = {1, 7}> { y = Expand(x, s) }");
}

TEST(FoldShapes, ResizeToDoubleTheSize) {
  ExpectRewrite(kPass,
                "g (float[n,3,4,5] x) => (float[n,3,8,10] y) <int64[2] hw = {8, 10}> {\n"
                "nc = Shape<end = 2>(x)\n s = Concat<axis = 0>(nc, hw)\n"
                "y = Resize<mode = \"linear\">(x, , , s) }",
                "g (float[n,3,4,5] x) => (float[n,3,8,10] y) <float[4] f = {1, 1, 2, 2}> {\n"
                "y = Resize<mode = \"linear\">(x, , f) }");
}

TEST(FoldShapes, NotTwoUnknownSizes) {
  ExpectUnchanged(kPass,
                  "g (float[n,m] x) => (float[m,n] y) <int64[2] i = {1, 0}> {\n"
                  "t = Shape(x)\n s = Gather(t, i)\n y = Reshape(x, s) }",
                  "two sizes of its shape are known only at run time");
}

TEST(FoldShapes, NotWithAllowzero) {
  ExpectUnchanged(kPass,
                  "g (float[n,6] x) => (float[n,2,3] y) <int64[2] k = {2, 3}> {\n"
                  "n1 = Shape<end = 1>(x)\n s = Concat<axis = 0>(n1, k)\n"
                  "y = Reshape<allowzero = 1>(x, s) }",
                  "");
}

TEST(FoldShapes, NotAnExpandToAnotherSize) {
  ExpectUnchanged(kPass,
                  "g (float[1,6] x, float[m] z) => (float[m,6] y) <int64[1] six = {6}> {\n"
                  "m1 = Shape(z)\n s = Concat<axis = 0>(m1, six)\n y = Expand(x, s) }",
                  "it expands to a size known only at run time");
}

TEST(FoldShapes, NotAResizeByAThird) {
  ExpectUnchanged(kPass,
                  "g (float[n,3,4,6] x) => (float[n,3,4,2] y) <int64[2] hw = {4, 2}> {\n"
                  "nc = Shape<end = 2>(x)\n s = Concat<axis = 0>(nc, hw)\n y = Resize(x, , , s) }",
                  "by a factor known only at run time");
}

TEST(FoldShapes, NotAGraphOutput) {
  ExpectUnchanged(kPass, "g (float[2,3] x) => (int64[2] y) { y = Shape(x) }",
                  "it is a graph output");
}

// 2^31 - 1 + 2 is not what int32 makes of it.
TEST(FoldShapes, NotBeyond32Bits) {
  const std::string head =
      "g (float[2,3] x) => (int32[1] y) <int32[1] big = {2147483647}, int32[1] two = {2}> {\n";
  ExpectRewrite(
      kPass, head + "s = Shape<end = 1>(x)\n a = Cast<to = 6>(s)\n b = Add(a, big)\n y = Neg(b) }",
      head + "b = Add(two, big)\n y = Neg(b) }");
}

}  // namespace
}  // namespace edgeopt::passes
