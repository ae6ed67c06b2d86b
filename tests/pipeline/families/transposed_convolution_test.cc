// ConvTranspose against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

std::string Graph(const std::string& weights, const std::string& attributes) {
  return "g (float[2,4,5,6] x, float" + weights +
         " w, float[6] w_bias) => (float[2,6,n,m] y) { y = ConvTranspose<" + attributes +
         ">(x, w, w_bias) }";
}

TEST(TransposedConvolution, StridesAndPads) {
  for (const std::string attributes :
       {"strides = [2, 2]", "strides = [2, 3], pads = [1, 0, 1, 1]",
        "strides = [2, 2], pads = [1, 1, 1, 1], output_padding = [1, 1]"})
    EXPECT_EQ(Problem(Graph("[4,6,3,3]", attributes)), "") << attributes;
}

TEST(TransposedConvolution, Groups) {
  EXPECT_EQ(Problem(Graph("[4,3,3,2]", "group = 2, strides = [2, 2], pads = [1, 1, 0, 1]")), "");
  EXPECT_EQ(Problem("g (float[1,3,4,4] x, float[3,1,4,4] w) => (float[1,3,8,8] y) { y = "
                    "ConvTranspose<group = 3, strides = [2, 2], pads = [1, 1, 1, 1]>(x, w) }"),
            "");
}

TEST(TransposedConvolution, Dilations) {
  EXPECT_EQ(Problem(Graph("[4,6,3,2]", "dilations = [2, 3], strides = [2, 1]")), "");
  EXPECT_EQ(Problem(Graph("[4,3,2,2]", "group = 2, dilations = [3, 1], pads = [1, 0, 1, 0]")), "");
}

}  // namespace
}  // namespace edgeopt::testing
