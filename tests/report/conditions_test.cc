#include "report/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markdown.h"
#include "report/sample_record.h"
#include "report/sustained.h"

namespace edgeopt::report {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Render(const Record& record) { return Markdown({record, "2025-01-01", "", {}}); }

Sustained SampleLoad() {
  Sustained load;
  load.step = "static-int8";
  load.windows = {{0.5, 60, 1000, 4, 4.4, 52.0, 2400.0}, {60, 120, 900, 5, 5.5, 81.0, 1800.0}};
  load.steady_from_s = 60;
  load.steady_p50_ms = 5;
  load.steady_p95_ms = 5.5;
  load.steady_p99_ms = 6;
  load.steady_runs = 900;
  load.throttled = {"the last window's p50 is 1.25 times the first one's"};
  return load;
}

TEST(ConditionsTest, AStateMaySayAnything) {
  for (const json& under : {json(), json(3), json::array(), json{{"conditions", 3}},
                            json{{"conditions", {{"throttled", "yes"}, {"power_mw", 4}}}},
                            json{{"conditions", {{"throttled", {1, 2}}, {"cpu_mhz", {3}}}}}}) {
    EXPECT_THAT(ThrottledUnder(under), IsEmpty()) << under;
    EXPECT_EQ(ConditionsText(under), "") << under;
  }
}

TEST(ConditionsTest, WhatTheSensorsSaidInOneLine) {
  const json under = {{"conditions",
                       {{"temperature_c", {{"first", 52.0}, {"highest", 71.0}, {"last", 70.0}}},
                        {"cpu_mhz", {{"lowest", 2400.0}, {"highest", 2400.0}}},
                        {"power_mw", {{"VDD_IN", {{"mean", 5140.0}, {"highest", 6100.0}}}}},
                        {"throttled", {"CPU 0 fell"}}}}};
  EXPECT_EQ(ConditionsText(under),
            "hottest zone 52 to 71 C, CPU 2400 MHz, VDD_IN 5140 mW in the mean");
  EXPECT_THAT(ThrottledUnder(under), ElementsAre("CPU 0 fell"));
}

TEST(ConditionsTest, WhereARunIsMeasured) {
  Record record = SampleRecord();
  record.clocks = "as they were";
  EXPECT_EQ(MeasuredOn(record), "");
  record.measuring.host = "pi@board";
  record.machine = {{"board", "Raspberry Pi 5 Model B Rev 1.0"}, {"cpu_model", "Cortex-A76"}};
  EXPECT_THAT(MeasuredOn(record),
              HasSubstr("pi@board (Raspberry Pi 5 Model B Rev 1.0), clocks not locked"));
  record.machine["board"] = "";
  record.clocks = "locked";
  EXPECT_EQ(MeasuredOn(record), "pi@board (Cortex-A76), clocks locked");
  record.clocks = "clocks not locked: rights: no";
  EXPECT_THAT(Render(record), HasSubstr("- **Measured on**: pi@board (Cortex-A76), clocks not "
                                        "locked: rights: no\n"));
}

TEST(ConditionsTest, AThrottledStepIsFlaggedInBothReports) {
  Record record = SampleRecord();
  record.steps[2].measured_under["conditions"] = {{"throttled", {"CPU 0 fell"}}};
  EXPECT_THAT(Render(record), HasSubstr("| 4 (throttled) |"));
  EXPECT_THAT(Render(record), HasSubstr("- Optimized, conditions: throttled: CPU 0 fell\n"));
  const json document = Document({record, "2025-01-01", "", {}});
  EXPECT_EQ(document["trade_offs"][2]["throttled"], json::array({"CPU 0 fell"}));
  EXPECT_EQ(document["trade_offs"][1]["throttled"], json::array());
}

TEST(SustainedTest, HasASectionWithItsPlot) {
  Record record = SampleRecord();
  EXPECT_THAT(Render(record), Not(HasSubstr("Sustained")));
  EXPECT_TRUE(Document({record, "2025-01-01", "", {}})["sustained"].is_null());
  record.measuring.sustained_s = 120;
  record.sustained = SampleLoad();
  const std::string text = Render(record);
  EXPECT_THAT(text, HasSubstr("### Sustained Load\n\n`static-int8` for 120 s:\n"));
  EXPECT_THAT(text, HasSubstr("![latency and temperature](sustained.svg)"));
  EXPECT_THAT(text, HasSubstr("| 60 | 900 | 5 | 5.50 | 81 | 1800 |"));
  EXPECT_THAT(text, HasSubstr("- First window 4 ms, last 5 ms: 1.25 times as long\n"));
  EXPECT_THAT(text, HasSubstr("- Throttled: the last window's p50 is 1.25 times"));
  const json document = Document({record, "2025-01-01", "", {}});
  EXPECT_EQ(document["sustained"]["steady_p50_ms"], 5.0);
  EXPECT_EQ(document["sustained"]["plot"], "sustained.svg");
  const std::string plot = SustainedPlot(*record.sustained, "net");
  EXPECT_THAT(plot, HasSubstr("net under sustained load"));
  EXPECT_THAT(plot, HasSubstr("hottest"));
}

TEST(SustainedTest, WhatCouldNotBeMeasuredSaysWhy) {
  Record record = SampleRecord();
  record.sustained.emplace();
  record.sustained->step = "static-int8";
  record.sustained->problem = "the agent ended";
  EXPECT_THAT(Render(record),
              HasSubstr("`static-int8` could not be measured under it: the agent ended"));
  EXPECT_TRUE(Document({record, "2025-01-01", "", {}})["sustained"].is_null());
}

TEST(RecordTest, WhatIsMeasuredWhereSurvives) {
  Record record = SampleRecord();
  record.measuring = {"pi@board:2222", "/files", true, true, 2, 300};
  record.clocks = "locked";
  record.sustained = SampleLoad();
  const json document = ToJson(record);
  const auto read = RecordFromJson(document);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(ToJson(*read), document);
  EXPECT_EQ(read->measuring.host, "pi@board:2222");
  EXPECT_EQ(read->measuring.power_mode, 2);
  EXPECT_EQ(read->sustained->windows[1].hottest_c, 81.0);
}

TEST(RecordTest, RecordsOfOlderVersionsAreRead) {
  json document = ToJson(SampleRecord());
  for (const char* name : {"measuring", "sustained", "clocks"}) document.erase(name);
  const auto read = RecordFromJson(document);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->measuring.host, "");
  EXPECT_EQ(read->measuring.sustained_s, 0);
  EXPECT_FALSE(read->sustained.has_value());
  document["measuring"] = {{"host", 3}};
  const auto wrong = RecordFromJson(document);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message, "measuring.host is not a text");
}

}  // namespace
}  // namespace edgeopt::report
