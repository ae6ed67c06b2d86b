#include "report/kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/sample_record.h"

namespace edgeopt::report {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

json Node(const std::string& op_type, bool int8, const std::string& reason) {
  return {{"name", "n"}, {"op_type", op_type}, {"int8", int8}, {"reason", reason}};
}

TEST(KernelsTest, TellsWhatRunsInInt8AndWhyTheRestDoesNot) {
  Step step = SampleStep("static-int8", 1, 0.9, 100);
  step.precision = "int8";
  step.details = {
      {"kernels",
       {{"by_kind",
         {{{"kind", "int8"}, {"nodes", 15}, {"share", 0.875}},
          {{"kind", "float"}, {"nodes", 5}, {"share", 0.125}}}}}},
      {"nodes",
       {Node("Conv", true, ""), Node("Relu", false, "disappears: Q saturates"),
        Node("Softmax", false, "has no int8 kernel"), Node("ReduceMean", false, "excluded"),
        Node("Softmax", false, "has no int8 kernel")}}};
  EXPECT_THAT(KernelLines(step),
              ElementsAre("In int8, as the runtime's profile says: 15 of 20 kernels, 87.5 % of the "
                          "time",
                          "Left as they are: 2 x Softmax: has no int8 kernel",
                          "Left as they are: 1 x ReduceMean: excluded"));
}

TEST(KernelsTest, NothingWithoutAnAccount) {
  Step step = SampleStep("simplify", 1, 0.9, 100);
  EXPECT_THAT(KernelLines(step), IsEmpty());
  step.precision = "int8";
  for (const json& details : {json(), json::array(), json::object(), json{{"nodes", 7}}}) {
    step.details = details;
    EXPECT_THAT(KernelLines(step), IsEmpty()) << details.dump();
  }
}

TEST(KernelsTest, ManyReasonsAreCutShort) {
  Step step = SampleStep("static-int8", 1, 0.9, 100);
  step.precision = "int8";
  for (int i = 0; i < 20; ++i)
    step.details["nodes"].push_back(Node("Op" + std::to_string(i), false, "no rule"));
  const auto lines = KernelLines(step);
  EXPECT_EQ(lines.size(), 9u);
  EXPECT_EQ(lines.back(), "And for 12 other reasons");
}

}  // namespace
}  // namespace edgeopt::report
