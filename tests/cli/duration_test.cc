#include "cli/duration.h"

#include <gtest/gtest.h>

namespace edgeopt::cli {
namespace {

TEST(Duration, UnitsArePeoples) {
  EXPECT_EQ(ParseDuration("5m", "--sustained").value(), 300);
  EXPECT_EQ(ParseDuration("90", "--sustained").value(), 90);
  EXPECT_EQ(ParseDuration("2.5s", "--sustained").value(), 2.5);
  EXPECT_EQ(ParseDuration("1.5h", "--sustained").value(), 5400);
}

TEST(Duration, EverythingElseIsAUsageError) {
  for (const char* text : {"", "m", "5 minutes", "-3s", "0", "1e999", "nan", "5mm"}) {
    const auto seconds = ParseDuration(text, "--sustained");
    ASSERT_FALSE(seconds.ok()) << text;
    EXPECT_EQ(seconds.error().code, ErrorCode::kUsage);
    EXPECT_NE(seconds.error().message.find("--sustained"), std::string::npos);
  }
}

}  // namespace
}  // namespace edgeopt::cli
