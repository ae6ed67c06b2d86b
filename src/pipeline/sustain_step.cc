#include "pipeline/sustain_step.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "pipeline/measure_step.h"

namespace edgeopt::pipeline {
namespace {

// More would not fit into one answer of the agent.
constexpr int64_t kMostRunsAtOnce = 1'000'000;

double SecondsOf(const measure::Timings& timings) {
  double seconds = 0;
  for (const int64_t latency : timings.latencies_ns) seconds += static_cast<double>(latency) * 1e-9;
  return seconds;
}

double MsOf(double us) { return us / 1e3; }

}  // namespace

// Very fast models take several answers.
Result<measure::BenchResult> RunSustained(double seconds, measure::BenchPlan plan,
                                          measure::AgentClient& client, Sink* sink) {
  plan.max_runs = std::max(plan.min_runs, kMostRunsAtOnce);
  plan.min_seconds = seconds;
  EDGEOPT_TRY(measure::Timings timings, client.Time(plan, sink));
  plan.warm_up = {0, 0, 0, 1};
  plan.min_runs = 1;
  while ((plan.min_seconds = seconds - SecondsOf(timings)) > 0) {
    EDGEOPT_TRY(const measure::Timings more, client.Time(plan, sink));
    timings.latencies_ns.insert(timings.latencies_ns.end(), more.latencies_ns.begin(),
                                more.latencies_ns.end());
  }
  return client.Describe(std::move(timings));
}

report::Sustained ToSustained(const measure::SustainedLoad& load) {
  report::Sustained told;
  for (const measure::LoadWindow& window : load.windows)
    told.windows.push_back({window.begin_s, window.end_s, window.runs, MsOf(window.p50_us),
                            MsOf(window.p95_us), window.hottest_c, window.slowest_cpu_mhz});
  told.steady_from_s = load.windows[load.steady_from].begin_s;
  told.steady_p50_ms = MsOf(load.steady.p50.value_us);
  told.steady_p95_ms = MsOf(load.steady.p95.value_us);
  told.steady_p99_ms = MsOf(load.steady.p99.value_us);
  told.steady_runs = load.steady.runs;
  told.throttled = load.throttled;
  return told;
}

Result<report::Sustained> SustainBest(const report::Record& record,
                                      const std::filesystem::path& work, const AgentStarter& agents,
                                      const measure::Clocks& clocks, Sink& sink) {
  const report::Step& best = *record.best();
  EDGEOPT_TRY(const auto client, LoadForTiming(record, best, work, agents));
  // The sensors' seconds count from the warm-up's begin: so do the windows.
  EDGEOPT_CHECK_OK(client->Watch());
  EDGEOPT_TRY(const measure::BenchResult bench,
              RunSustained(record.measuring.sustained_s, {}, *client, &sink));
  EDGEOPT_TRY(const auto telemetry, client->Watched());
  const measure::SustainedLoad load =
      measure::DescribeSustained(bench.timings, telemetry, clocks.locked);
  report::Sustained told = ToSustained(load);
  told.step = best.id;
  told.measured_under = {
      {"machine", measure::ToJson(client->hello().machine)},
      {"conditions", measure::SummarizeConditions(clocks, telemetry, load.throttled)}};
  return told;
}

}  // namespace edgeopt::pipeline
