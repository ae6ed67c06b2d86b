#include "runtimes/onnxruntime/profile.h"

#include <gtest/gtest.h>

namespace edgeopt::runtimes::ort {
namespace {

// The shape of what ONNX Runtime 1.31.1 writes for Relu, then If with an Add inside, run twice; the
// second time the Relu ends in the microsecond in which the If begins.
constexpr std::string_view kProfile = R"([
{"cat":"Session","dur":9,"ts":1,"name":"session_initialization","args":{}},
{"cat":"Node","dur":86,"ts":962,"name":"r_kernel_time","args":{"op_name":"Relu","provider":"CPUExecutionProvider",
 "input_type_shape":[{"float":[1000]}],"output_type_shape":[{"float":[1000]}]}},
{"cat":"Node","dur":29,"ts":1060,"name":"inner_kernel_time","args":{"op_name":"Add","provider":"CPUExecutionProvider",
 "input_type_shape":[{"float":[1000]},{"uint8":[1]}],"output_type_shape":[{"float":[1000]}]}},
{"cat":"Session","dur":34,"ts":1060,"name":"SequentialExecutor::Execute","args":{}},
{"cat":"Node","dur":47,"ts":1053,"name":"theif_kernel_time","args":{"op_name":"If"}},
{"cat":"Session","dur":157,"ts":950,"name":"model_run","args":{}},
{"cat":"Node","dur":5,"ts":2000,"name":"r_kernel_time","args":{"op_name":"Relu"}},
{"cat":"Node","dur":7,"ts":2005,"name":"theif_kernel_time","args":{"op_name":"If"}},
{"cat":"Session","dur":20,"ts":1999,"name":"model_run","args":{}}
])";

TEST(ParseProfile, SplitsRunsAndMarksNestedOperators) {
  const auto runs = ParseProfile(kProfile);
  ASSERT_TRUE(runs.ok());
  ASSERT_EQ(runs->size(), 2u);
  const auto& first = (*runs)[0];
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].node, "r");
  EXPECT_EQ(first[0].duration_us, 86);
  EXPECT_FALSE(first[0].nested);
  EXPECT_EQ(first[1].op_type, "Add");
  EXPECT_EQ(first[1].input_types, (std::vector<std::string>{"float", "uint8"}));
  EXPECT_TRUE(first[1].nested);
  EXPECT_FALSE(first[2].nested);
  ASSERT_EQ((*runs)[1].size(), 2u);
  EXPECT_FALSE((*runs)[1][0].nested);
}

TEST(ParseProfile, RefusesWhatIsNoProfile) {
  for (const char* text : {"", "{}", "[1]", "[{\"cat\":\"Node\""})
    EXPECT_FALSE(ParseProfile(text).ok()) << text;
}

TEST(ParseProfile, SurvivesFieldsOfOtherTypes) {
  const auto runs = ParseProfile(
      R"([{"cat":"Node","name":"a_kernel_time","dur":"long","args":[]},{"cat":"Session","name":"model_run"}])");
  ASSERT_TRUE(runs.ok());
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ((*runs)[0][0].duration_us, 0);
}

}  // namespace
}  // namespace edgeopt::runtimes::ort
