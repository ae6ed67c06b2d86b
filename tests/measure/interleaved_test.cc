#include "measure/interleaved.h"

#include <gtest/gtest.h>

#include <cmath>

#include "measure/agents.h"
#include "measure/fake_time.h"

namespace edgeopt::measure {
namespace {

// Two models on one machine whose speed changes with time: model 0 takes 2 ms, model 1 takes 1 ms,
// both times a factor that is the machine's at that moment.
class SharedMachine {
 public:
  explicit SharedMachine(std::function<double(double seconds)> slowness)
      : slowness_(std::move(slowness)) {}

  TimeBlock time_block() {
    return [this](size_t model, const BenchPlan& plan) {
      order_.push_back(model);
      return TimeRuns(
          plan,
          [&](int64_t) {
            const double ms = model == 0 ? 2 : 1;
            now_ns_ +=
                static_cast<int64_t>(ms * 1e6 * slowness_(static_cast<double>(now_ns_) * 1e-9));
            return OkStatus();
          },
          [this] { return now_ns_; });
    };
  }
  const std::vector<size_t>& order() const { return order_; }

 private:
  std::function<double(double)> slowness_;
  int64_t now_ns_ = 0;
  std::vector<size_t> order_;
};

TEST(TimeInterleaved, GivesTheSpeedupOfAQuietMachine) {
  SharedMachine machine([](double) { return 1; });
  const auto result = TimeInterleaved(2, {}, machine.time_block());
  ASSERT_TRUE(result.ok());
  EXPECT_DOUBLE_EQ(result->speedups[0].ratio, 1);
  EXPECT_NEAR(result->speedups[1].ratio, 2, 1e-12);
  EXPECT_NEAR(result->speedups[1].interval.low, 2, 1e-12);
  // Blocks of 50 ms: 25 and 50 runs; 20 rounds give 500 and 1000 runs, 1 s each.
  EXPECT_EQ(result->rounds, 20);
  EXPECT_EQ(result->models[0].latencies_ns.size(), 500u);
  EXPECT_EQ(result->models[1].latencies_ns.size(), 1000u);
  EXPECT_TRUE(result->models[0].settled);
}

TEST(TimeInterleaved, TheOrderAlternates) {
  SharedMachine machine([](double) { return 1; });
  ASSERT_TRUE(TimeInterleaved(2, {}, machine.time_block()).ok());
  const std::vector<size_t> first(machine.order().begin(), machine.order().begin() + 8);
  EXPECT_EQ(first, (std::vector<size_t>{0, 1, 0, 1, 1, 0, 0, 1}));  // the first two warm up
}

TEST(TimeInterleaved, SurvivesAMachineThatGetsSlower) {
  // Three times slower within some seconds, and a periodic disturbance.
  SharedMachine machine([](double s) { return 1 + s / 2 + (std::fmod(s, 0.7) < 0.1 ? 1 : 0); });
  const auto result = TimeInterleaved(2, {}, machine.time_block());
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->speedups[1].ratio, 2, 0.1);
  EXPECT_LT(result->speedups[1].interval.low, 2);
  EXPECT_GT(result->speedups[1].interval.high, 2);
}

TEST(TimeInterleaved, ASlowModelStillRunsAHundredTimes) {
  int64_t now = 0;
  const auto result = TimeInterleaved(2, {}, [&](size_t, const BenchPlan& plan) {
    return TimeRuns(
        plan, [&](int64_t) { return now += 300 * kMs, OkStatus(); }, [&] { return now; });
  });
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->models[1].latencies_ns.size(), 100u);
}

TEST(TimeInterleaved, AnErrorEndsIt) {
  int blocks = 0;
  const auto result = TimeInterleaved(2, {}, [&](size_t, const BenchPlan&) -> Result<Timings> {
    if (++blocks == 5) return Unavailable("the agent ended");
    Timings timings;
    timings.latencies_ns = {kMs};
    return timings;
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "the agent ended");
}

TEST(BenchInterleaved, ComparesTwoAgents) {
  const auto resnet = StartAgent(), mbv2 = StartAgent();
  ASSERT_TRUE(resnet->Load(kResnet10).ok());
  ASSERT_TRUE(mbv2->Load(kMbv2).ok());
  InterleavedPlan plan;
  plan.warm_up = {3, 0.05, 0.2, 0.1};
  plan.block_seconds = 0.01;
  plan.min_seconds = 0.1;
  plan.min_runs = 50;
  const std::vector<AgentClient*> clients = {resnet.get(), mbv2.get()};
  const auto result = BenchInterleaved(clients, plan);
  ASSERT_TRUE(result.ok()) << result.error().ToString();
  ASSERT_EQ(result->models.size(), 2u);
  EXPECT_GE(result->rounds, 20);
  EXPECT_GE(result->models[1].latency.runs, 50);
  EXPECT_TRUE(result->models[1].generated_inputs);
  // The small network has a tenth of the multiply-adds.
  EXPECT_GT(result->speedups[1].interval.low, 1);
  EXPECT_LE(result->speedups[1].interval.low, result->speedups[1].ratio);
}

}  // namespace
}  // namespace edgeopt::measure
