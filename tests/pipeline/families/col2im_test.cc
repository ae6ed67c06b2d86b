// Col2Im against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

std::string Graph(const std::string& input, const std::string& image, const std::string& block,
                  const std::string& attributes) {
  return "g (float" + input + " x) => (float[n,c,h,w] y) <int64[2] image = {" + image +
         "}, int64[2] block = {" + block + "}> { y = Col2Im" + attributes + "(x, image, block) }";
}

TEST(Col2Im, BlocksSideBySideAndOverlapping) {
  EXPECT_EQ(Problem(Graph("[2,12,6]", "4,9", "2,3", "<strides = [2, 3]>")), "");
  EXPECT_EQ(Problem(Graph("[1,18,12]", "5,6", "3,3", "")), "");
}

// 5 + 2 rows hold 5 steps of blocks of 3 rows, 5 + 1 columns 2 steps by 2 of 4 columns.
TEST(Col2Im, PadsAndDilations) {
  EXPECT_EQ(Problem(Graph("[1,4,10]", "5,5", "2,2",
                          "<pads = [1, 0, 1, 1], dilations = [2, 3], strides = [1, 2]>")),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
