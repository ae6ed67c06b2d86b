#include "report/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/sample_record.h"
#include "report/verdict.h"

namespace edgeopt::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Render(const Record& record, std::vector<Suggestion> alternatives = {},
                   std::string package = {}) {
  return Markdown({record, "2025-01-01T00:11:00Z", std::move(package), std::move(alternatives)});
}

TEST(MarkdownTest, IsTheGoldenReport) {
  const std::string golden = ReadFile(EDGEOPT_SOURCE_DIR "/tests/report/golden/report.md").value();
  EXPECT_EQ(Render(SampleRecord(), {}, "/runs/net_package"), golden);
}

TEST(MarkdownTest, HasExactlyTheseParts) {
  std::vector<std::string> headings;
  std::istringstream lines(Render(SampleRecord()));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("#")) headings.push_back(line);
  EXPECT_THAT(headings,
              ::testing::ElementsAre("## Model Optimization Report: net",
                                     "### Baseline vs Optimized", "### Optimization Steps Applied",
                                     "### Verdict", "### Deployment Artifact", "### Trade-offs"));
}

TEST(MarkdownTest, WhatWasNotMeasuredIsCalledUnmeasured) {
  Record record = SampleRecord();
  record.steps.resize(1);
  record.steps[0].latency->peak_memory_bytes.reset();
  record.steps[0].accuracy.reset();
  const std::string text = Render(record);
  EXPECT_THAT(text, HasSubstr("| Peak memory (MB) | unmeasured | unmeasured | unmeasured |"));
  EXPECT_THAT(text, HasSubstr("| Accuracy (top1) | unmeasured | unmeasured | unmeasured |"));
  EXPECT_THAT(text, HasSubstr("**FAIL**"));
  record.steps.clear();
  EXPECT_THAT(Render(record), HasSubstr("The baseline is unmeasured."));
}

TEST(MarkdownTest, AnOpenViolationFailsWithItsAlternatives) {
  Record record = SampleRecord();
  record.steps.pop_back();
  record.steps.back().decision = Decision::kViolated;
  record.steps.back().accuracy->value = 0.87;
  const std::string text =
      Render(record, {{"another calibrator", "edgeopt resume work --calibrator entropy"}});
  EXPECT_THAT(text, HasSubstr("**FAIL**"));
  EXPECT_THAT(text, HasSubstr("- Failed: top1 changed by -3.33 %, the tolerance is 2 %"));
  EXPECT_THAT(text, HasSubstr("- another calibrator: `edgeopt resume work --calibrator entropy`"));
  EXPECT_THAT(text, HasSubstr("| Accuracy (top1) | 0.9000 | 0.8700 | -3.33 % |"));
  EXPECT_THAT(text, HasSubstr("Do not ship `static-int8`"));
  EXPECT_THAT(text, HasSubstr("Nothing is packaged."));
}

TEST(MarkdownTest, AnAcceptedViolationSaysSo) {
  Record record = SampleRecord();
  record.steps[2].decision = Decision::kAccepted;
  record.steps[2].accuracy->value = 0.87;
  record.steps[2].accepted_because = "a toy";
  EXPECT_THAT(Render(record), HasSubstr("**FAIL**, accepted by the user: “a toy”"));
}

TEST(MarkdownTest, AMissedTargetFailsWithWhatToTry) {
  Record record = SampleRecord();
  record.latency_target_ms = 2;
  record.bottleneck = Bottleneck{"Conv takes 80 % of the time", {{"half size", "2.6 ms"}}};
  const std::string text = Render(record);
  EXPECT_THAT(text, HasSubstr("- Failed: p50 is 4 ms, the target is 2 ms"));
  EXPECT_THAT(text, HasSubstr("Bottleneck: Conv takes 80 % of the time. What to try:"));
  EXPECT_THAT(text, HasSubstr("- half size: 2.6 ms"));
}

TEST(MarkdownTest, TextOfTheUserDoesNotBreakTheTable) {
  Record record = SampleRecord();
  record.steps[1].id = "a|b\nc";
  record.steps[2].input = record.steps[1].id;
  EXPECT_THAT(Render(record), HasSubstr("| a\\|b c |"));
}

TEST(MarkdownTest, OnTheTargetThereIsNoEstimateLabel) {
  Record record = SampleRecord();
  record.latency_label.clear();
  EXPECT_THAT(Render(record), Not(HasSubstr("Host Estimate")));
}

TEST(DocumentTest, HoldsVerdictTradeOffsAndRecord) {
  const Record record = SampleRecord();
  const auto document = Document({record, "2025-01-01T00:11:00Z", "", {}});
  EXPECT_EQ(document["schema_version"], 1);
  EXPECT_EQ(document["verdict"]["pass"], true);
  EXPECT_EQ(document["verdict"]["variant"], "static-int8");
  EXPECT_NEAR(document["verdict"]["accuracy_change_ratio"].get<double>(), -0.01, 1e-12);
  EXPECT_EQ(document["verdict"]["compression"], 4.0);
  EXPECT_EQ(document["trade_offs"].size(), 4u);
  EXPECT_EQ(document["trade_offs"][3]["decision"], "reverted");
  EXPECT_TRUE(document["package"].is_null());
  EXPECT_EQ(document["record"], ToJson(record));
}

TEST(VerdictTest, TheToleranceItselfIsAllowed) {
  Record record = SampleRecord();
  record.steps[2].accuracy->value = 0.9 * 0.98;
  EXPECT_TRUE(Judge(record).pass);
  record.steps[2].accuracy->value = 0.9 * 0.98 - 1e-6;
  EXPECT_FALSE(Judge(record).pass);
}

TEST(VerdictTest, NanIsNoPass) {
  Record record = SampleRecord();
  record.steps[2].accuracy->value = std::nan("");
  EXPECT_FALSE(Judge(record).pass);
}

TEST(VerdictTest, ErrorsMayNotGrow) {
  Record record = SampleRecord();
  for (Step& step : record.steps) step.accuracy->higher_is_better = false;
  record.steps[0].accuracy->value = 0.1;
  record.steps[2].accuracy->value = 0.101;
  EXPECT_TRUE(Judge(record).pass);
  record.steps[2].accuracy->value = 0.103;
  EXPECT_FALSE(Judge(record).pass);
  record.steps[2].accuracy->value = 0.05;
  EXPECT_TRUE(Judge(record).pass);
}

}  // namespace
}  // namespace edgeopt::report
