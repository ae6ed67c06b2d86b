#include "measure/sustained.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edgeopt::measure {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

// `seconds` of runs of that length behind what there is.
void Add(Timings& timings, double seconds, int64_t milliseconds) {
  const auto runs = static_cast<int64_t>(seconds * 1000) / milliseconds;
  for (int64_t i = 0; i < runs; ++i) timings.latencies_ns.push_back(milliseconds * kMillisecond);
}

hardware::Sample At(double seconds, double celsius, double mhz) {
  hardware::Sample sample;
  sample.seconds = seconds;
  sample.temperatures_c = {{"cpu-thermal", celsius}, {"ambient", 30}};
  sample.cpu_requested_mhz = {{"0", 2400}, {"1", 2400}};
  sample.cpu_real_mhz = {{"0", mhz}, {"1", 2400}};
  return sample;
}

// 40 s: 10 ms for 20 s, then 16 ms. Windows of 2 s.
TEST(Sustained, FirstAgainstLastAndTheSteadyState) {
  Timings timings;
  timings.warm_up_seconds = 5;
  Add(timings, 20, 10);
  Add(timings, 20, 16);
  const SustainedLoad load = DescribeSustained(timings, {}, {});
  ASSERT_EQ(load.windows.size(), 20u);
  EXPECT_DOUBLE_EQ(load.first().begin_s, 5);
  EXPECT_NEAR(load.last().end_s, 45, 1e-6);
  EXPECT_DOUBLE_EQ(load.first().p50_us, 10'000);
  EXPECT_DOUBLE_EQ(load.last().p50_us, 16'000);
  EXPECT_DOUBLE_EQ(load.drift_ratio(), 1.6);
  EXPECT_EQ(load.steady_from, 10u);
  EXPECT_DOUBLE_EQ(load.steady.p50.value_us, 16'000);
  EXPECT_EQ(load.steady.runs, 1250);
  int64_t runs = 0;
  for (const LoadWindow& window : load.windows) runs += window.runs;
  EXPECT_EQ(runs, 2000 + 1250);
  ASSERT_EQ(load.throttled.size(), 1u);
  EXPECT_NE(load.throttled[0].find("1.6"), std::string::npos) << load.throttled[0];
}

TEST(Sustained, AnEvenRunIsSteadyFromTheStart) {
  Timings timings;
  Add(timings, 30, 10);
  const SustainedLoad load = DescribeSustained(timings, {}, {});
  EXPECT_EQ(load.steady_from, 0u);
  EXPECT_EQ(load.steady.runs, 3000);
  EXPECT_TRUE(load.throttled.empty());
}

TEST(Sustained, TelemetryFallsIntoItsWindow) {
  Timings timings;
  timings.warm_up_seconds = 1;
  Add(timings, 40, 10);
  const std::vector<hardware::Sample> telemetry = {At(0.5, 90, 1000), At(2, 60, 2400),
                                                   At(2.5, 65, 2300), At(40, 80, 2400)};
  const SustainedLoad load = DescribeSustained(timings, telemetry, {});
  EXPECT_EQ(load.first().hottest_c, 65);
  EXPECT_EQ(load.first().slowest_cpu_mhz, 2300);
  EXPECT_EQ(load.last().hottest_c, 80);
  EXPECT_FALSE(load.windows[5].hottest_c.has_value());
  const nlohmann::json json = ToJson(load);
  EXPECT_EQ(json["windows"][0]["hottest_c"], 65);
  EXPECT_TRUE(json["windows"][5]["hottest_c"].is_null());
}

// A clock under 95 % of what it was locked to (reference: 2280 of 2400 MHz).
TEST(Sustained, AClockThatFellIsThrottling) {
  Timings timings;
  Add(timings, 4, 10);
  hardware::LockedClocks locked;
  locked.cpu_mhz = {{"0", 2400}, {"1", 2400}};
  const auto reasons = [&](double mhz) {
    const std::vector<hardware::Sample> telemetry = {At(0, 50, 2400), At(2, 82, mhz)};
    return DescribeSustained(timings, telemetry, locked).throttled.size();
  };
  EXPECT_EQ(reasons(2300), 0u);
  EXPECT_EQ(reasons(2200), 1u);
}

TEST(Sustained, AShortRunIsOneWindow) {
  Timings timings;
  Add(timings, 0.5, 10);
  const SustainedLoad load = DescribeSustained(timings, {}, {});
  ASSERT_EQ(load.windows.size(), 1u);
  EXPECT_EQ(load.first().runs, 50);
  EXPECT_DOUBLE_EQ(load.drift_ratio(), 1);
}

}  // namespace
}  // namespace edgeopt::measure
