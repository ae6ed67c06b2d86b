// Tensors made of sizes, against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Generator, Shape) {
  EXPECT_EQ(Problem("g (float[2,3,4] x) => (int64[2] y) { y = Shape<start = 1>(x) }"), "");
  EXPECT_EQ(Problem("g (float[2,3,4] x) => (int64[1] y) { y = Shape<start = -2, end = -1>(x) }"),
            "");
}

TEST(Generator, Size) { EXPECT_EQ(Problem("g (float[2,3,4] x) => (int64 y) { y = Size(x) }"), ""); }

TEST(Generator, EyeLike) {
  EXPECT_EQ(Problem("g (int32[3,5] x) => (float[3,5] y) { y = EyeLike<dtype = 1, k = 1>(x) }"), "");
}

TEST(Generator, Trilu) {
  for (const std::string attributes : {"upper = 0", "upper = 1"})
    for (const std::string k : {"-1", "0", "2"})
      EXPECT_EQ(Problem("g (float[2,4,5] x) => (float[2,4,5] y) <int64 k = {" + k +
                        "}> { y = Trilu<" + attributes + ">(x, k) }"),
                "");
}

// The number of elements is known, where they begin is not.
TEST(Generator, Range) {
  EXPECT_EQ(Problem(R"(g (int32 x) => (int32[4] y) <int32 eight = {8}, int32 two = {2}> {
  end = Add(x, eight)
  y = Range(x, end, two)
})"),
            "");
}

TEST(Generator, ConstantOfShape) {
  EXPECT_EQ(Problem(R"(g (float[2,3] x) => (float[2,3] y) {
  shape = Shape(x)
  ones = ConstantOfShape<value = float[1] {1}>(shape)
  y = Add(x, ones)
})"),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
