// Operators element by element, against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

// Behind a matrix product XNNPACK forgets a lower limit whose upper one is infinite: Log tells.
TEST(Clip, InfiniteLimitsAreNone) {
  for (const std::string limits :
       {"float low = {0.5}, float high = {inf}", "float low = {-inf}, float high = {0.5}",
        "float low = {-inf}, float high = {inf}"}) {
    const std::string behind =
        limits.find("{0.5}, float high") != std::string::npos ? "Log" : "Exp";
    EXPECT_EQ(Problem("g (float[5,8] x, float[8,4] w) => (float[5,4] y) <" + limits +
                      "> { m = MatMul(x, w)\n c = Clip(m, low, high)\n y = " + behind + "(c) }"),
              "")
        << limits;
  }
}

}  // namespace
}  // namespace edgeopt::testing
