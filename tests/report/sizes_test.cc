#include "report/sizes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgeopt::report {
namespace {

using ::testing::HasSubstr;

Record Measured(const char* settings) {
  Record record;
  Step& step = record.steps.emplace_back();
  step.id = step.kind = "baseline";
  step.measured_under = {{"settings", nlohmann::json::parse(settings)}};
  return record;
}

TEST(SizesTest, NothingIsSaidOfWhatTheRecordDoesNotKnow) {
  EXPECT_EQ(SizesText({}), "");
  EXPECT_EQ(SizesText(Measured(R"({"batch": 1})")), "");  // of an older edgeopt
}

TEST(SizesTest, WhatWasMeasured) {
  EXPECT_EQ(SizesText(Measured(R"({"batch": 1, "sizes": {"ids": [1, 128]}})")),
            "- **Measured at**: ids [1, 128]\n");
  EXPECT_EQ(
      SizesText(Measured(R"({"batch": 4, "sizes": {"x": [4, 3], "y": []}})")),
      "- **Measured at**: x [4, 3], y []; latencies are of a batch of 4, the throughput is of "
      "samples\n");
}

TEST(SizesTest, WhatWasAskedAndHowFarItIsProven) {
  Record record;
  Resized& resized = record.resized.emplace();
  resized.asked = "--shape x=1x3x320x320";
  resized.inputs = nlohmann::json::parse(
      R"([{"name": "x", "before": ["n", 3, 224, 224], "after": [1, 3, 320, 320]}])");
  resized.verified = {{"against", nullptr}};
  EXPECT_EQ(SizesText(record),
            "- **Sizes**: `--shape x=1x3x320x320` (x from [n, 3, 224, 224] to [1, 3, 320, 320]), "
            "which the original can't be compared at; the original does not run at them, the "
            "baseline is the model at these sizes\n");
  resized.original_takes_them = true;
  resized.verified = {{"against", "the original"}};
  EXPECT_THAT(SizesText(record), HasSubstr("verified against the original\n"));
}

TEST(SizesTest, OpenSizesAndTheTarget) {
  Record record;
  record.dynamic_sizes = {"ids [n, s]", "it takes any", "ids [1, 7]"};
  EXPECT_EQ(SizesText(record), "- **Dynamic sizes**: ids [n, s]: it takes any\n");
}

}  // namespace
}  // namespace edgeopt::report
