#include "measure/benchmark.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "measure/fake_time.h"

namespace edgeopt::measure {
namespace {

TEST(TimeRuns, ASteadyModelSettlesAfterTwoWindows) {
  FakeTime time([](int64_t) { return 10 * kMs; });
  const auto timings = TimeRuns({}, time.run(), time.clock());
  ASSERT_TRUE(timings.ok());
  EXPECT_TRUE(timings->settled);
  // Windows of 0.1 s are 10 runs. At least 0.3 s and two windows: 30 runs.
  EXPECT_EQ(timings->warm_up_runs, 30);
  EXPECT_DOUBLE_EQ(timings->warm_up_seconds, 0.3);
  EXPECT_EQ(timings->latencies_ns, std::vector<int64_t>(100, 10 * kMs));
}

TEST(TimeRuns, AMinimumTimeMeansMoreRuns) {
  FakeTime time([](int64_t) { return 1 * kMs; });
  const auto timings = TimeRuns({}, time.run(), time.clock());
  ASSERT_TRUE(timings.ok());
  EXPECT_EQ(timings->latencies_ns.size(), 1000u);  // 1 s
}

TEST(TimeRuns, MaxRunsEndsIt) {
  FakeTime time([](int64_t) { return 1000; });
  BenchPlan plan;
  plan.max_runs = 5000;
  const auto timings = TimeRuns(plan, time.run(), time.clock());
  ASSERT_TRUE(timings.ok());
  EXPECT_EQ(timings->latencies_ns.size(), 5000u);
}

TEST(TimeRuns, WarmUpLastsUntilTheSlowStartIsOver) {
  // 100 runs that get quicker by 1 % each, then steady.
  FakeTime time(
      [](int64_t i) { return static_cast<int64_t>(10e6 * (i < 100 ? 2.0 - 0.01 * i : 1)); });
  const auto timings = TimeRuns({}, time.run(), time.clock());
  ASSERT_TRUE(timings.ok());
  EXPECT_TRUE(timings->settled);
  EXPECT_GT(timings->warm_up_runs, 95);
  EXPECT_LT(timings->warm_up_runs, 130);
}

TEST(TimeRuns, GivesUpOnAModelThatNeverSettles) {
  // Each window of 0.1 s is some 10 % slower than the one before.
  FakeTime time([](int64_t i) { return static_cast<int64_t>(1e6 * std::pow(1.001, i)); });
  BenchPlan plan;
  plan.warm_up.max_seconds = 2;
  const auto timings = TimeRuns(plan, time.run(), time.clock());
  ASSERT_TRUE(timings.ok());
  EXPECT_FALSE(timings->settled);
  EXPECT_GE(timings->warm_up_seconds, 2);
  EXPECT_LE(timings->warm_up_seconds, 2.01);
}

TEST(TimeRuns, ASlowModelIsNotWarmedUpForever) {
  FakeTime time([](int64_t) { return 4000 * kMs; });
  BenchPlan plan;
  plan.min_runs = 3;
  const auto timings = TimeRuns(plan, time.run(), time.clock());
  ASSERT_TRUE(timings.ok());
  EXPECT_EQ(timings->warm_up_runs, 3);  // 12 s
  EXPECT_FALSE(timings->settled);
  EXPECT_EQ(timings->latencies_ns.size(), 3u);
}

TEST(TimeRuns, AFailingRunEndsItWithItsError) {
  int64_t runs = 0;
  const auto timings = TimeRuns(
      {},
      [&](int64_t i) -> Status { return i == 7 ? Status(BadInput("no")) : (++runs, OkStatus()); },
      SteadyClock());
  ASSERT_FALSE(timings.ok());
  EXPECT_EQ(timings.error().message, "no");
  EXPECT_EQ(runs, 7);
}

TEST(TimeRuns, StopsWhenAsked) {
  FakeTime time([](int64_t) { return kMs; });
  BenchControl control;
  control.stop = [&] { return time.runs() >= 500; };
  const auto timings = TimeRuns({}, time.run(), time.clock(), control);
  ASSERT_FALSE(timings.ok());
  EXPECT_EQ(timings.error().code, ErrorCode::kInterrupted);
  EXPECT_EQ(time.runs(), 500);
}

TEST(TimeRuns, TellsProgress) {
  FakeTime time([](int64_t) { return 20 * kMs; });
  std::vector<int64_t> seen;
  BenchControl control;
  control.progress = [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 100);
    seen.push_back(done);
  };
  ASSERT_TRUE(TimeRuns({}, time.run(), time.clock(), control).ok());
  ASSERT_EQ(seen.size(), 100u);
  EXPECT_EQ(seen.back(), 100);
}

// 1 to 1000 us, in a scrambled order (389 and 1000 have no common factor).
std::vector<int64_t> Scrambled() {
  std::vector<int64_t> ns;
  for (int64_t i = 0; i < 1000; ++i) ns.push_back((i * 389 % 1000 + 1) * 1000);
  return ns;
}

TEST(Summarize, MatchesNumpy) {
  const LatencySummary summary = Summarize(Scrambled());
  EXPECT_EQ(summary.runs, 1000);
  EXPECT_DOUBLE_EQ(summary.mean_us, 500.5);
  EXPECT_DOUBLE_EQ(summary.min_us, 1);
  EXPECT_DOUBLE_EQ(summary.max_us, 1000);
  // numpy.percentile(range(1, 1001), [50, 90, 95, 99])
  EXPECT_DOUBLE_EQ(summary.p50.value_us, 500.5);
  EXPECT_DOUBLE_EQ(summary.p90.value_us, 900.1);
  EXPECT_DOUBLE_EQ(summary.p95.value_us, 950.05);
  EXPECT_DOUBLE_EQ(summary.p99.value_us, 990.01);
  // The values below the true median are binomial(1000, 1/2): scipy.stats.binom.ppf(0.025) = 469.
  EXPECT_NEAR(summary.p50.interval.low, 469, 1);
  EXPECT_NEAR(summary.p50.interval.high, 532, 1);
  EXPECT_DOUBLE_EQ(summary.runs_per_s, 1e6 / 500.5);
}

// The same values in the order of a drift: worth four runs (tests/base/statistics_test.cc), whose
// smallest and largest enclose the median with 1 - 2 / 2^4.
TEST(Summarize, TheOrderInTimeCounts) {
  std::vector<int64_t> rising = Scrambled();
  std::sort(rising.begin(), rising.end());
  const LatencySummary summary = Summarize(rising);
  EXPECT_DOUBLE_EQ(summary.p50.value_us, 500.5);
  EXPECT_DOUBLE_EQ(summary.p50.interval.low, 1);
  EXPECT_DOUBLE_EQ(summary.p50.interval.high, 1000);
  EXPECT_DOUBLE_EQ(summary.p50.interval.confidence, 0.875);
}

TEST(Summarize, OneRunIsAllOfIt) {
  const std::vector<int64_t> one = {2500};
  const LatencySummary summary = Summarize(one);
  EXPECT_DOUBLE_EQ(summary.p99.value_us, 2.5);
  EXPECT_DOUBLE_EQ(summary.drift_ratio(), 1);
}

TEST(Remarks, SpeakOfFewRunsDriftAndRestlessness) {
  Timings timings;
  timings.settled = true;
  timings.latencies_ns.assign(1000, 1000);
  EXPECT_TRUE(Remarks(Summarize(timings.latencies_ns), timings).empty());

  timings.latencies_ns.resize(100);
  auto remarks = Remarks(Summarize(timings.latencies_ns), timings);
  ASSERT_EQ(remarks.size(), 1u);
  // 1 - 0.99^100 = 0.634, the chance that the largest of 100 is above the true p99, without the
  // lower tail: scipy.stats.binom.cdf(96, 100, 0.99) = 0.018.
  EXPECT_NE(remarks[0].find("p99 from 100 runs"), std::string::npos) << remarks[0];
  EXPECT_NE(remarks[0].find("61.6 %"), std::string::npos) << remarks[0];

  timings.latencies_ns.assign(500, 1000);
  timings.latencies_ns.resize(1000, 1200);
  timings.settled = false;
  remarks = Remarks(Summarize(timings.latencies_ns), timings);
  ASSERT_EQ(remarks.size(), 2u);
  EXPECT_NE(remarks[0].find("did not settle"), std::string::npos);
  EXPECT_NE(remarks[1].find("1.2 times as long"), std::string::npos) << remarks[1];
}

// Answers every plan with as many latencies as it asks for, and notes the plans.
class SelfTimedModel : public runtimes::SelfTimed {
 public:
  Result<std::vector<int64_t>> Time(const std::vector<ir::Tensor>&, const Plan& plan) override {
    plans.push_back(plan);
    return std::vector<int64_t>(static_cast<size_t>(plan.min_runs) + 5, 7);
  }
  Result<runtimes::LayerProfile> Profile(const std::vector<ir::Tensor>&, const Plan&) override {
    return runtimes::LayerProfile{};
  }
  std::string timed_as() const override { return "by itself"; }
  std::vector<Plan> plans;
};

TEST(TimeSelfTimed, AsksForWhatThePlanWants) {
  SelfTimedModel model;
  BenchPlan plan;
  plan.min_runs = 100;
  plan.min_seconds = 2.5;
  plan.warm_up.min_seconds = 0.5;
  auto timings = TimeSelfTimed(plan, model, {});
  ASSERT_TRUE(timings.ok());
  ASSERT_EQ(model.plans.size(), 1u);
  EXPECT_EQ(model.plans[0].min_runs, 100);
  EXPECT_EQ(model.plans[0].min_seconds, 2.5);
  EXPECT_EQ(model.plans[0].warm_up_seconds, 0.5);
  EXPECT_EQ(timings->latencies_ns, std::vector<int64_t>(105, 7));
  EXPECT_TRUE(timings->settled);

  // A block of a benchmark in turns: exactly so many runs, and a warm-up all the same.
  plan.warm_up.min_seconds = 0.005;
  plan.min_seconds = 0;
  plan.max_runs = 100;
  timings = TimeSelfTimed(plan, model, {});
  EXPECT_EQ(timings->latencies_ns.size(), 100u);
  EXPECT_EQ(model.plans.back().warm_up_seconds, 0.2);
}

TEST(TimeSelfTimed, CutsALongTimeIntoProcesses) {
  SelfTimedModel model;
  BenchPlan plan;
  plan.min_runs = 10;
  plan.min_seconds = 130;
  const auto timings = TimeSelfTimed(plan, model, {});
  ASSERT_TRUE(timings.ok());
  ASSERT_EQ(model.plans.size(), 3u);
  EXPECT_EQ(model.plans[0].min_seconds + model.plans[1].min_seconds + model.plans[2].min_seconds,
            130);
  EXPECT_EQ(timings->latencies_ns.size(), 15u + 6 + 6);
}

TEST(LatencyJson, HoldsNumberAndInterval) {
  const nlohmann::json json = ToJson(Summarize(Scrambled()));
  EXPECT_EQ(json["runs"], 1000);
  EXPECT_EQ(json["p95"]["value_us"], 950.05);
  EXPECT_LT(json["p95"]["low_us"], json["p95"]["high_us"]);
}

}  // namespace
}  // namespace edgeopt::measure
