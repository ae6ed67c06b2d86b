#include "report/text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace edgeopt::report {
namespace {

TEST(TextTest, NumbersHaveThreeDigitsAndNoExponent) {
  EXPECT_EQ(Number(0), "0");
  EXPECT_EQ(Number(9.8123), "9.81");
  EXPECT_EQ(Number(9.9996), "10.0");
  EXPECT_EQ(Number(99.96), "100");
  EXPECT_EQ(Number(123.4), "123");
  EXPECT_EQ(Number(123456.4), "123456");
  EXPECT_EQ(Number(0.012345), "0.0123");
  EXPECT_EQ(Number(-2.5), "-2.50");
  EXPECT_EQ(Number(2), "2");
  EXPECT_EQ(Number(1e-12), "0.00000000");
  EXPECT_EQ(Number(INFINITY), "inf");
  EXPECT_EQ(Number(std::nan("")), "nan");
}

TEST(TextTest, ScoresHaveFourDecimals) {
  EXPECT_EQ(Score(0.91524), "0.9152");
  EXPECT_EQ(Score(1), "1.0000");
  EXPECT_EQ(Score(35.21), "35.2");
}

TEST(TextTest, PerCentIsSigned) {
  EXPECT_EQ(Percent(-0.004), "-0.40 %");
  EXPECT_EQ(Percent(0.12), "+12.0 %");
  EXPECT_EQ(Percent(0.00001), "0 %");
}

TEST(TextTest, MegabytesAreMillions) { EXPECT_EQ(Megabytes(4'840'000), "4.84"); }

}  // namespace
}  // namespace edgeopt::report
