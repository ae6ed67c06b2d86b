#include "pipeline/bottleneck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgeopt::pipeline {
namespace {

using ::testing::HasSubstr;

measure::NodeProfile Node(const std::string& name, const std::string& op_type, double mean_us) {
  measure::NodeProfile node;
  node.node = name;
  node.op_type = op_type;
  node.mean_us = mean_us;
  return node;
}

measure::Profile SampleProfile() {
  return measure::MakeProfile(
      {Node("conv1", "Conv", 500), Node("conv2", "Conv", 300), Node("soft", "Softmax", 200)}, 20);
}

BottleneckFacts Facts() {
  BottleneckFacts facts;
  facts.p50_ms = 4;
  facts.target_ms = 1;
  facts.macs = 400'000'000;
  facts.threads = facts.usable_cpus = 2;
  return facts;
}

std::string EstimateOf(const report::Bottleneck& bottleneck, const std::string& what) {
  for (const auto& suggestion : bottleneck.suggestions)
    if (suggestion.what.find(what) != std::string::npos) return suggestion.estimate;
  return "no suggestion";
}

TEST(BottleneckTest, NamesTheDearestOperatorAndNode) {
  const auto bottleneck = Explain(SampleProfile(), Facts());
  EXPECT_THAT(bottleneck.summary, HasSubstr("Conv takes 80 % of the time (2 nodes)"));
  EXPECT_THAT(bottleneck.summary, HasSubstr("Softmax 20 %"));
  EXPECT_THAT(bottleneck.summary, HasSubstr("'conv1' with 50 %"));
}

TEST(BottleneckTest, EstimatesComeFromTheModelsOwnNumbers) {
  const auto bottleneck = Explain(SampleProfile(), Facts());
  // 4 ms * (1 - 0.8 * (1 - 0.7 * 0.7)) = 2.368 ms.
  EXPECT_THAT(EstimateOf(bottleneck, "pruning"), HasSubstr("about 2.37 ms"));
  // A quarter of the time allows a quarter of 400 M.
  EXPECT_THAT(EstimateOf(bottleneck, "smaller model"),
              HasSubstr("1 ms allow 100 M multiply-adds (25 % of this one)"));
  EXPECT_THAT(EstimateOf(bottleneck, "distillation"), HasSubstr("100 M multiply-adds"));
  EXPECT_THAT(EstimateOf(bottleneck, "another target"), HasSubstr("4 ms"));
  EXPECT_EQ(EstimateOf(bottleneck, "half the input"), "no suggestion");
  EXPECT_EQ(EstimateOf(bottleneck, "more threads"), "no suggestion");
}

TEST(BottleneckTest, HalfTheResolutionIsMeasuredOrSaysWhyNot) {
  BottleneckFacts facts = Facts();
  facts.half = HalfSizeResult{112, 112, 100'000'000, 1.1, 120, ""};
  auto bottleneck = Explain(SampleProfile(), facts);
  EXPECT_EQ(bottleneck.suggestions[0].what, "half the input resolution, 112 x 112");
  EXPECT_THAT(bottleneck.suggestions[0].estimate,
              HasSubstr("100 M multiply-adds instead of 400 M multiply-adds; measured 1.10 ms "
                        "(p50 of 120 runs)"));
  facts.half = HalfSizeResult{112, 112, 100'000'000, {}, 0, "Reshape fails"};
  bottleneck = Explain(SampleProfile(), facts);
  EXPECT_EQ(bottleneck.suggestions[0].estimate,
            "100 M multiply-adds instead of 400 M multiply-adds; not measured: Reshape fails");
  facts.half = HalfSizeResult{0, 0, 0, {}, 0, "the graph fixes its input size"};
  bottleneck = Explain(SampleProfile(), facts);
  EXPECT_EQ(bottleneck.suggestions[0].estimate,
            "about 100 M multiply-adds after a new export instead of 400 M multiply-adds; not "
            "measured: the graph fixes its input size");
}

TEST(BottleneckTest, MoreThreadsWhereThereAreMore) {
  BottleneckFacts facts = Facts();
  facts.threads = 1;
  EXPECT_THAT(EstimateOf(Explain(SampleProfile(), facts), "more threads (--threads 2)"),
              HasSubstr("at best 2 ms"));
}

TEST(BottleneckTest, AnEmptyProfileIsSaidToBeEmpty) {
  EXPECT_THAT(Explain({}, Facts()).summary, HasSubstr("empty"));
}

}  // namespace
}  // namespace edgeopt::pipeline
