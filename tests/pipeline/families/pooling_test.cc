// Pools over one, two and three axes, against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Pooling, OverThreeAxes) {
  for (const std::string op_type : {"MaxPool", "AveragePool"}) {
    EXPECT_EQ(
        Problem("g (float[1,2,5,6,7] x) => (float[1,2,3,3,4] y) { y = " + op_type +
                "<kernel_shape = [3, 2, 3], strides = [2, 2, 2], pads = [1, 0, 1, 1, 0, 1]>(x) }"),
        "")
        << op_type;
    EXPECT_EQ(Problem("g (float[1,2,4,4,4] x) => (float[1,2,3,3,3] y) { y = " + op_type +
                      "<kernel_shape = [2, 2, 2]>(x) }"),
              "")
        << op_type;
  }
  EXPECT_EQ(
      Problem("g (float[1,2,4,4,4] x) => (float[1,2,4,4,4] y) { y = AveragePool"
              "<kernel_shape = [3, 3, 3], pads = [1, 1, 1, 1, 1, 1], count_include_pad = 1>(x) }"),
      "");
}

TEST(Pooling, Dilations) {
  for (const std::string op_type : {"MaxPool", "AveragePool", "LpPool"}) {
    EXPECT_EQ(Problem("g (float[1,2,9,8] x) => (float[1,2,4,6] y) { y = " + op_type +
                      "<kernel_shape = [3, 2], strides = [2, 1], pads = [1, 0, 1, 1], "
                      "dilations = [2, 3]>(x) }"),
              "")
        << op_type;
    EXPECT_EQ(Problem("g (float[1,2,9] x) => (float[1,2,5] y) { y = " + op_type +
                      "<kernel_shape = [3], dilations = [2]>(x) }"),
              "")
        << op_type;
  }
  for (const std::string counted : {"0", "1"})
    EXPECT_EQ(Problem("g (float[1,2,9,7,8] x) => (float[1,2,n,m,k] y) { y = AveragePool"
                      "<kernel_shape = [2, 3, 2], strides = [3, 2, 2], dilations = [2, 2, 3], "
                      "ceil_mode = 1, pads = [1, 1, 1, 1, 1, 1], count_include_pad = " +
                      counted + ">(x) }"),
              "")
        << counted;
}

TEST(Pooling, Lp) {
  for (const std::string p : {"1", "2", "3"})
    EXPECT_EQ(Problem("g (float[1,2,6,7] x) => (float[1,2,3,4] y) { y = LpPool<p = " + p +
                      ", kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 0, 1]>(x) }"),
              "")
        << p;
  EXPECT_EQ(Problem("g (float[1,2,7] x) => (float[1,2,6] y) { y = LpPool<kernel_shape = [2]>(x) }"),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
