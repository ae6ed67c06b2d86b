#include "measure/conditions.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edgeopt::measure {
namespace {

using hardware::Sample;

Sample At(double seconds, double soc_c, double cpu_c) {
  Sample sample;
  sample.seconds = seconds;
  sample.temperatures_c = {{"soc", soc_c}, {"cpu", cpu_c}};
  return sample;
}

TEST(SummarizeConditionsTest, AMachineWithoutSensorsTellsNothing) {
  const auto summary = SummarizeConditions({}, {Sample{}, Sample{}}, {});
  EXPECT_EQ(summary, (nlohmann::json{{"clocks", "as they were"},
                                     {"samples", 2},
                                     {"seconds", 0.0},
                                     {"throttled", nlohmann::json::array()}}));
  EXPECT_EQ(SummarizeConditions({}, {}, {})["samples"], 0);
}

TEST(SummarizeConditionsTest, TheHottestZoneOfEachSample) {
  const auto summary =
      SummarizeConditions({}, {At(0, 50, 48), At(1, 60, 71.5), At(2.5, 66, 65)}, {});
  EXPECT_EQ(summary["temperature_c"],
            (nlohmann::json{{"first", 50.0}, {"highest", 71.5}, {"last", 66.0}}));
  EXPECT_EQ(summary["seconds"], 2.5);
  EXPECT_FALSE(summary.contains("cpu_mhz"));
}

TEST(SummarizeConditionsTest, RealClocksCountWhereTheyAreKnown) {
  Sample first, second;
  first.cpu_requested_mhz = {{"0", 2400}, {"1", 2400}};
  second.cpu_requested_mhz = {{"0", 2400}, {"1", 1800}};
  Clocks clocks{"locked", {{{"0", 2400}, {"1", 2000}}, std::nullopt}};
  EXPECT_EQ(SummarizeConditions(clocks, {first, second}, {})["cpu_mhz"],
            (nlohmann::json{{"lowest", 1800.0}, {"highest", 2400.0}, {"locked", 2000.0}}));
  second.cpu_real_mhz = {{"0", 1500}, {"1", 1600}};
  EXPECT_EQ(SummarizeConditions({}, {first, second}, {})["cpu_mhz"],
            (nlohmann::json{{"lowest", 1500.0}, {"highest", 1600.0}}));
}

TEST(SummarizeConditionsTest, BitsEventsFanAndPower) {
  Sample first, second;
  first.throttle_bits = 0x50000;
  second.throttle_bits = 0x50005;
  first.over_current = {{"oc1", 7}, {"oc2", 1}};
  second.over_current = {{"oc1", 9}, {"oc2", 1}};
  first.fan_rpm = 3000;
  second.fan_rpm = 4100;
  first.power_mw = {{"VDD_IN", 5000}};
  second.power_mw = {{"VDD_IN", 7000}};
  const auto summary = SummarizeConditions({}, {first, second}, {"why"});
  EXPECT_EQ(summary["throttle_bits"], 0x50005);
  EXPECT_EQ(summary["over_current_events"], (nlohmann::json{{"oc1", 2}, {"oc2", 0}}));
  EXPECT_EQ(summary["fan_rpm"], (nlohmann::json{{"lowest", 3000.0}, {"highest", 4100.0}}));
  EXPECT_EQ(summary["power_mw"]["VDD_IN"], (nlohmann::json{{"mean", 6000.0}, {"highest", 7000.0}}));
  EXPECT_EQ(summary["throttled"], nlohmann::json::array({"why"}));
}

TEST(ClocksTest, OnlyALockThatFailedIsALabel) {
  EXPECT_EQ(Clocks{}.label(), "");
  EXPECT_EQ((Clocks{"locked", {}}.label()), "");
  EXPECT_EQ((Clocks{"clocks not locked: rights: no", {}}.label()), "clocks not locked: rights: no");
}

}  // namespace
}  // namespace edgeopt::measure
