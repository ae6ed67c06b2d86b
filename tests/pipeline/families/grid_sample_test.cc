// GridSample against ONNX Runtime, at places inside and outside the image.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(GridSample, Modes) {
  for (const std::string mode : {"linear", "nearest"})
    for (const std::string padding : {"zeros", "border"})
      for (const std::string aligned : {"0", "1"})
        EXPECT_EQ(Problem("g (float[2,3,4,5] x, float[2,6,7,2] grid) => (float[2,3,6,7] y) "
                          "{ y = GridSample<mode = \"" +
                          mode + "\", padding_mode = \"" + padding +
                          "\", align_corners = " + aligned + ">(x, grid) }"),
                  "")
            << mode << " " << padding << " " << aligned;
}

TEST(GridSample, RefusesOtherModes) {
  const std::string graph =
      "g (float[1,1,4,4] x, float[1,2,2,2] grid) => (float[1,1,2,2] y) "
      "{ y = GridSample<mode = \"cubic\">(x, grid) }";
  EXPECT_NE(Refusal(graph).find("mode 'cubic'"), std::string::npos) << Refusal(graph);
}

}  // namespace
}  // namespace edgeopt::testing
