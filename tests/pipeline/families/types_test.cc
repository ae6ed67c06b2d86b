// Element types that LiteRT does not compute with: other floats in float32, narrow integers in wide
// ones, products of stored integers; against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Types, Floats) {
  EXPECT_EQ(Problem("g (double[2,3] x, double[3,4] w) => (double[2,4] y) { a = MatMul(x, w) "
                    "y = Sigmoid(a) }"),
            "");
  EXPECT_EQ(Problem("g (float16[2,3] x, float16[3,4] w) => (float16[2,4] y) { a = MatMul(x, w) "
                    "y = Relu(a) }"),
            "");
  EXPECT_EQ(Problem("g (float[4] x) => (float[4] y) <double two = {2}> { a = Cast<to = 11>(x) "
                    "b = Mul(a, two) y = Cast<to = 1>(b) }"),
            "");
}

// What leaves the type wraps.
TEST(Types, NarrowIntegers) {
  for (const std::string type : {"int8", "uint8", "int16"})
    for (const std::string op_type : {"Add", "Sub", "Mul"})
      EXPECT_EQ(Problem("g (" + type + "[16] x, " + type + "[16] z) => (" + type +
                        "[16] y) { y = " + op_type + "(x, z) }"),
                "")
          << type << " " << op_type;
  EXPECT_EQ(Problem("g (int8[16] x, int8[16] z) => (int8[16] y) { y = Max(x, z) }"), "");
  EXPECT_NE(Refusal("g (uint16[4] x) => (uint16[4] y) { y = Add(x, x) }").find("uint16"),
            std::string::npos);
  EXPECT_EQ(Problem("g (uint32[16] x, uint32[16] z) => (uint32[16] y) { y = Add(x, z) }"), "");
  EXPECT_EQ(Problem("g (uint8[16] x, uint8[16] z) => (bool[16] y) { y = Less(x, z) }"), "");
  EXPECT_EQ(Problem("g (bool[16] x, bool[16] z) => (bool[16] y) { y = Equal(x, z) }"), "");
  EXPECT_EQ(Problem("g (bool[16] x, bool[16] z) => (bool[16] y) { y = Xor(x, z) }"), "");
}

TEST(Types, Shifts) {
  for (const std::string direction : {"LEFT", "RIGHT"})
    EXPECT_EQ(Problem("g (uint8[4] x) => (uint8[4] y) <uint8[4] n = {0, 1, 3, 7}> "
                      "{ y = BitShift<direction = \"" +
                      direction + "\">(x, n) }"),
              "");
}

TEST(Types, Remainders) {
  EXPECT_EQ(Problem("g (int32[6] x) => (int32[6] y) <int32[6] n = {3, -3, 2, -2, 5, 7}> "
                    "{ y = Mod(x, n) }"),
            "");
  for (const std::string type : {"float", "int64", "int8"})
    EXPECT_EQ(Problem("g (" + type + "[4] x) => (" + type + "[4] y) <" + type +
                      "[4] n = {3, -3, 2, -2}> { y = Mod<fmod = 1>(x, n) }"),
              "")
        << type;
}

TEST(Types, QuantizedProducts) {
  EXPECT_EQ(Problem(R"(g (uint8[2,3] x, uint8[3,4] w) => (uint8[2,4] y)
<float s = {0.02}, uint8 z = {128}, float t = {0.05}, uint8 u = {120}> {
  y = QLinearMatMul(x, s, z, w, s, z, t, u)
})"),
            "");
  EXPECT_EQ(Problem(R"(g (uint8[1,2,5,5] x, int8[3,2,3,3] w) => (uint8[1,3,3,3] y)
<float s = {0.02}, uint8 z = {128}, float[3] ws = {0.02, 0.01, 0.03}, int8[3] wz = {0, 0, 0},
 float t = {0.5}, uint8 u = {120}, int32[3] b = {1000, -2000, 3000}> {
  y = QLinearConv(x, s, z, w, ws, wz, t, u, b)
})"),
            "");
}

TEST(Types, IntegerProducts) {
  EXPECT_EQ(Problem(R"(g (uint8[2,600] x, uint8[600,4] w) => (int32[2,4] y)
<uint8 z = {12}, uint8[4] wz = {1, 2, 128, 255}> { y = MatMulInteger(x, w, z, wz) })"),
            "");
  EXPECT_EQ(Problem(R"(g (uint8[1,2,5,5] x, uint8[3,2,3,3] w) => (int32[1,3,5,5] y)
<uint8 z = {12}> { y = ConvInteger<pads = [1, 1, 1, 1]>(x, w, z) })"),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
