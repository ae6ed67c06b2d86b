// Einsum, and MatMul of vectors, against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

std::string Check(const std::string& equation, const std::string& left, const std::string& right,
                  const std::string& output) {
  const std::string inputs = right.empty() ? "" : ", float" + right + " z";
  return Problem("g (float" + left + " x" + inputs + ") => (float" + output +
                 " y) { y = Einsum<equation = \"" + equation + "\">(x" +
                 (right.empty() ? "" : ", z") + ") }");
}

TEST(Einsum, OneOperand) {
  EXPECT_EQ(Check("ij->ji", "[2,3]", "", "[3,2]"), "");
  EXPECT_EQ(Check("ijk->i", "[2,3,4]", "", "[2]"), "");
  EXPECT_EQ(Check("ii->i", "[3,3]", "", "[3]"), "");
  EXPECT_EQ(Check("ii", "[3,3]", "", "[]"), "");
  EXPECT_EQ(Check("...ij->...ji", "[2,3,4]", "", "[2,4,3]"), "");
}

TEST(Einsum, TwoOperands) {
  EXPECT_EQ(Check("ij,jk->ik", "[2,3]", "[3,4]", "[2,4]"), "");
  EXPECT_EQ(Check("ij,jk", "[2,3]", "[3,4]", "[2,4]"), "");
  EXPECT_EQ(Check("bhqd,bhkd->bhqk", "[2,3,4,5]", "[2,3,6,5]", "[2,3,4,6]"), "");
  EXPECT_EQ(Check("bqhd,bkhd->bhqk", "[2,4,3,5]", "[2,6,3,5]", "[2,3,4,6]"), "");
  EXPECT_EQ(Check("i,j->ji", "[3]", "[4]", "[4,3]"), "");
  EXPECT_EQ(Check("i,i->", "[3]", "[3]", "[]"), "");
  EXPECT_EQ(Check("ij,ij->ij", "[3,4]", "[3,4]", "[3,4]"), "");
  EXPECT_EQ(Check("ijk,jl->il", "[2,3,4]", "[3,5]", "[2,5]"), "");
  EXPECT_EQ(Check("...ij,...jk->...ik", "[5,3,4]", "[5,4,3]", "[5,3,3]"), "");
}

TEST(Einsum, ThreeOperands) {
  EXPECT_EQ(Problem(R"(g (float[2,3] x, float[3,4] z, float[4,5] u) => (float[2,5] y)
{ y = Einsum<equation = "ij,jk,kl->il">(x, z, u) })"),
            "");
}

TEST(MatMul, OfVectors) {
  const auto check = [](const std::string& left, const std::string& right,
                        const std::string& output) {
    return Problem("g (float" + left + " x, float" + right + " z) => (float" + output +
                   " y) { y = MatMul(x, z) }");
  };
  EXPECT_EQ(check("[3]", "[3]", "[]"), "");
  EXPECT_EQ(check("[2,4,3]", "[3]", "[2,4]"), "");
  EXPECT_EQ(check("[3]", "[2,3,4]", "[2,4]"), "");
}

}  // namespace
}  // namespace edgeopt::testing
