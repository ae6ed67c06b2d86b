#include "measure/interleaved.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "measure/agent_protocol.h"

namespace edgeopt::measure {
namespace {

constexpr double kLeadInSeconds = 0.005;

double MedianNs(std::vector<int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return std::max(1.0, static_cast<double>(*middle));  // positive, for the ratio
}

double SumSeconds(const std::vector<int64_t>& latencies_ns) {
  return static_cast<double>(
             std::accumulate(latencies_ns.begin(), latencies_ns.end(), int64_t{0})) *
         1e-9;
}

BenchPlan BlockOf(int64_t runs) {
  BenchPlan block;
  block.warm_up = {1, kLeadInSeconds, kLeadInSeconds, 0};
  block.min_runs = block.max_runs = runs;
  block.min_seconds = 0;
  return block;
}

constexpr double kProcessBlockSeconds = 1;
constexpr int64_t kProcessBlockRuns = 20;
constexpr int64_t kProcessRounds = 8;

InterleavedPlan OfProcesses(InterleavedPlan plan) {
  plan.block_seconds = std::max(plan.block_seconds, kProcessBlockSeconds);
  plan.block_runs = std::max(plan.block_runs, kProcessBlockRuns);
  plan.min_rounds = std::min(plan.min_rounds, kProcessRounds);
  return plan;
}

struct Lane {
  BenchPlan block;
  Timings timings;
  std::vector<double> block_medians_ns;
  double seconds = 0;
};

// The warm-up, which also tells how many runs make a block.
Result<Lane> WarmedUp(size_t model, const InterleavedPlan& plan, const TimeBlock& time_block) {
  BenchPlan first;
  first.warm_up = plan.warm_up;
  first.min_runs = first.max_runs = plan.block_runs;
  first.min_seconds = 0;
  EDGEOPT_TRY(Timings timings, time_block(model, first));
  const double median_seconds = MedianNs(timings.latencies_ns) * 1e-9;
  const auto by_time = static_cast<int64_t>(std::ceil(plan.block_seconds / median_seconds));
  Lane lane;
  lane.block = BlockOf(std::clamp(by_time, plan.block_runs, kMaxBenchRuns));
  lane.timings = std::move(timings);
  lane.timings.latencies_ns.clear();
  return lane;
}

Status RunBlock(size_t model, Lane& lane, const TimeBlock& time_block) {
  EDGEOPT_TRY(const Timings block, time_block(model, lane.block));
  lane.block_medians_ns.push_back(MedianNs(block.latencies_ns));
  lane.seconds += SumSeconds(block.latencies_ns);
  lane.timings.latencies_ns.insert(lane.timings.latencies_ns.end(), block.latencies_ns.begin(),
                                   block.latencies_ns.end());
  return OkStatus();
}

bool Enough(const Lane& lane, const InterleavedPlan& plan) {
  return static_cast<int64_t>(lane.timings.latencies_ns.size()) >= plan.min_runs &&
         lane.seconds >= plan.min_seconds;
}

}  // namespace

Result<InterleavedTimings> TimeInterleaved(size_t models, const InterleavedPlan& plan,
                                           const TimeBlock& time_block, Sink* sink) {
  if (models == 0) return Internal("no models to time");
  std::vector<Lane> lanes;
  for (size_t model = 0; model < models; ++model) {
    EDGEOPT_TRY(Lane lane, WarmedUp(model, plan, time_block));
    lanes.push_back(std::move(lane));
  }
  if (sink != nullptr) sink->Start("benchmark in turns", plan.min_rounds);
  InterleavedTimings result;
  const auto enough = [&] {
    return result.rounds >= plan.min_rounds &&
           std::all_of(lanes.begin(), lanes.end(),
                       [&](const Lane& lane) { return Enough(lane, plan); });
  };
  while (!enough()) {
    for (size_t turn = 0; turn < models; ++turn) {
      const size_t model = result.rounds % 2 == 0 ? turn : models - 1 - turn;
      EDGEOPT_CHECK_OK(RunBlock(model, lanes[model], time_block));
    }
    ++result.rounds;
    if (sink != nullptr) sink->Advance(result.rounds);
  }
  if (sink != nullptr) sink->Finish();
  for (Lane& lane : lanes) {
    result.speedups.push_back(
        PairedRatioInterval(lanes.front().block_medians_ns, lane.block_medians_ns));
    result.models.push_back(std::move(lane.timings));
  }
  return result;
}

Result<InterleavedResult> BenchInterleaved(std::span<AgentClient* const> clients,
                                           const InterleavedPlan& plan, Sink* sink) {
  const bool processes = std::any_of(clients.begin(), clients.end(), [](const AgentClient* client) {
    return !client->model().timed_as.empty();
  });
  const auto time_block = [&](size_t model, const BenchPlan& block) {
    return clients[model]->Time(block);
  };
  EDGEOPT_TRY(
      InterleavedTimings timings,
      TimeInterleaved(clients.size(), processes ? OfProcesses(plan) : plan, time_block, sink));
  InterleavedResult result;
  for (size_t i = 0; i < clients.size(); ++i)
    result.models.push_back(clients[i]->Describe(std::move(timings.models[i])));
  result.speedups = std::move(timings.speedups);
  result.rounds = timings.rounds;
  return result;
}

}  // namespace edgeopt::measure
