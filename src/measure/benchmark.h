// The timing loop and what is told about its numbers. What is run and the clock are handed in.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/statistics.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

// Nanoseconds of a clock that never goes back.
using Clock = std::function<int64_t()>;
Clock SteadyClock();

// Runs before the measured ones, until the latency has settled: they are cut into windows of at
// least 5 runs and min_seconds / 3, and the medians of the last two windows differ by at most
// `tolerance` of the earlier one. Frequency ramps, caches, lazily touched memory and thread pools
// are over then.
struct WarmUp {
  int64_t min_runs = 10;
  double min_seconds = 0.3;
  double max_seconds = 10;  // given up then (one run is always made): Timings::settled is false
  double tolerance = 0.03;
};

struct BenchPlan {
  WarmUp warm_up;
  // Measured until both are reached.
  int64_t min_runs = 100;
  double min_seconds = 1;
  int64_t max_runs = 100'000;  // an end in any case; at least min_runs
};

struct Timings {
  std::vector<int64_t> latencies_ns;  // in order
  int64_t warm_up_runs = 0;
  double warm_up_seconds = 0;
  bool settled = false;
};

struct BenchControl {
  std::function<bool()> stop;  // looked at between runs; true ends with Interrupted
  std::function<void(int64_t done, int64_t total)> progress;  // after each run, outside the timing
};

// Calls `run` with 0, 1, 2, ... and times each call. Its error ends the loop.
Result<Timings> TimeRuns(const BenchPlan& plan, const std::function<Status(int64_t)>& run,
                         const Clock& clock, const BenchControl& control = {});

// The same from a runtime that times itself (runtimes/runtime.h), with one sample. It warms up by
// time alone, at least 200 ms, since every timing is a process of its own; so `settled` is true
// and the warm-up's runs are not known. min_seconds is rounded up to whole seconds.
Result<Timings> TimeSelfTimed(const BenchPlan& plan, runtimes::SelfTimed& model,
                              const std::vector<ir::Tensor>& sample,
                              const BenchControl& control = {});

// A percentile and the interval that holds the true one, as far as these runs can tell (order
// statistics of a series in time; base/statistics.h).
struct LatencyPercentile {
  double value_us = 0;
  Interval interval;  // in us; its `confidence` is below 0.95 where there are too few runs for it
};

struct LatencySummary {
  int64_t runs = 0;
  double mean_us = 0, min_us = 0, max_us = 0;
  LatencyPercentile p50, p90, p95, p99;
  double runs_per_s = 0;  // runs in sequence: 1 / mean
  // The medians of the first and the last fifth of the runs.
  double first_p50_us = 0, last_p50_us = 0;

  // Above 1.1 the machine was slower at the end: throttled or disturbed.
  double drift_ratio() const { return first_p50_us > 0 ? last_p50_us / first_p50_us : 1; }
};

inline constexpr double kMaxDrift = 1.1;

// Requires at least one run.
LatencySummary Summarize(std::span<const int64_t> latencies_ns);
nlohmann::json ToJson(const LatencySummary& summary);

// What should be said beside the numbers: few runs for p99, drift, a warm-up that did not settle.
std::vector<std::string> Remarks(const LatencySummary& summary, const Timings& timings);

}  // namespace edgeopt::measure
