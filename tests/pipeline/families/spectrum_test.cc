// DFT and STFT against ONNX Runtime.
#include <gtest/gtest.h>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

TEST(Spectrum, ForwardAndInverse) {
  for (const std::string inverse : {"0", "1"})
    for (const std::string parts : {"1", "2"})
      EXPECT_EQ(Problem("g (float[2,6,5," + parts +
                        "] x) => (float[2,6,5,2] y) "
                        "{ y = DFT<inverse = " +
                        inverse + ">(x) }"),
                "")
          << inverse << " " << parts;
}

TEST(Spectrum, OneSided) {
  EXPECT_EQ(Problem("g (float[2,7,1] x) => (float[2,4,2] y) { y = DFT<onesided = 1>(x) }"), "");
  EXPECT_EQ(Problem("g (float[2,8,1] x) => (float[2,5,2] y) { y = DFT<onesided = 1>(x) }"), "");
}

TEST(Spectrum, LengthAndAxis) {
  for (const std::string length : {"4", "9"})
    EXPECT_EQ(Problem("g (float[2,6,5,1] x) => (float[2," + length + ",5,2] y) <int64 length = {" +
                      length + "}, int64 axis = {1}> { y = DFT(x, length, axis) }"),
              "")
        << length;
  // Before opset 20 the axis is an attribute, 1 by default.
  EXPECT_EQ(Problem("g (float[2,6,5,1] x) => (float[2,6,5,2] y) { y = DFT(x) }", 17), "");
  EXPECT_EQ(Problem("g (float[2,6,5,1] x) => (float[2,6,5,2] y) { y = DFT<axis = 2>(x) }", 17), "");
}

TEST(Spectrum, FramesOfASignal) {
  EXPECT_EQ(
      Problem("g (float[2,40,1] x) => (float[2,9,5,2] y) <int64 step = {4}, int64 length = {8}> "
              "{ y = STFT(x, step, , length) }"),
      "");
  EXPECT_EQ(Problem("g (float[2,40,1] x, float[8] window) => (float[2,9,8,2] y) <int64 step = {4}> "
                    "{ y = STFT<onesided = 0>(x, step, window) }"),
            "");
}

}  // namespace
}  // namespace edgeopt::testing
