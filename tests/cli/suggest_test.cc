#include "cli/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace edgeopt::cli {
namespace {

TEST(SuggestTest, TheNearestWordIfItIsASlip) {
  const std::vector<std::string> words = {"optimize", "quantize", "status"};
  EXPECT_EQ(Nearest("optimise", words), "optimize");
  EXPECT_EQ(Nearest("qantize", words), "quantize");
  EXPECT_EQ(Nearest("sttaus", words), "status");
  EXPECT_EQ(Nearest("frobnicate", words), "");
  EXPECT_EQ(Nearest("", words), "");
  EXPECT_EQ(Nearest("optimize", {}), "");
}

}  // namespace
}  // namespace edgeopt::cli
