#include "base/utc_time.h"

#include <gtest/gtest.h>

namespace edgeopt {
namespace {

// As `date -u -d @SECONDS` has it.
TEST(UtcTime, IsAsDateSays) {
  EXPECT_EQ(UtcTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcTime(1709210096), "2024-02-29T12:34:56Z");
  EXPECT_EQ(UtcTime(1709210096, "%Y%m%d-%H%M%S"), "20240229-123456");
}

}  // namespace
}  // namespace edgeopt
