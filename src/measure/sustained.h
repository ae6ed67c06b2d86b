// Sustained load: how the latency of one model holds while the device warms up, and what it settles
// at. Pure arithmetic on the latencies of one long run and the telemetry that was sampled beside
// it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hardware/telemetry.h"
#include "hardware/throttling.h"
#include "measure/benchmark.h"

namespace edgeopt::measure {

// A part of the run. Times are seconds since the first sample of the telemetry.
struct LoadWindow {
  double begin_s = 0, end_s = 0;
  int64_t runs = 0;
  double p50_us = 0, p95_us = 0;
  std::optional<double> hottest_c;        // of all thermal zones
  std::optional<double> slowest_cpu_mhz;  // the real clock where it is known, else the requested
};

struct SustainedLoad {
  std::vector<LoadWindow> windows;
  // The windows from `steady_from` on: the longest tail whose medians lie within kSteadyTolerance
  // of the last one's.
  size_t steady_from = 0;
  LatencySummary steady;
  // Why the run counts as throttled; empty: it does not (hardware/throttling.h).
  std::vector<std::string> throttled;

  const LoadWindow& first() const { return windows.front(); }
  const LoadWindow& last() const { return windows.back(); }
  double drift_ratio() const { return first().p50_us > 0 ? last().p50_us / first().p50_us : 1; }
};

// As for a warm-up that has settled.
inline constexpr double kSteadyTolerance = 0.03;

// Runs follow each other without a gap after the warm-up, which began with the telemetry. At least
// one run. 20 windows of equal length; fewer where one would be shorter than a second, and one of a
// run that is.
SustainedLoad DescribeSustained(const Timings& timings, std::span<const hardware::Sample> telemetry,
                                const hardware::LockedClocks& locked);

nlohmann::json ToJson(const SustainedLoad& load);

}  // namespace edgeopt::measure
