#include "measure/sustained.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace edgeopt::measure {
namespace {

constexpr int64_t kMostWindows = 20;
constexpr double kShortestWindowSeconds = 1;

// Latencies of one window, with the run that follows the last of them.
struct Cut {
  double begin_s = 0, end_s = 0;
  size_t first = 0, end = 0;
};

std::vector<Cut> CutIntoWindows(std::span<const int64_t> latencies_ns, double begin_s) {
  double total_s = 0;
  for (const int64_t latency : latencies_ns) total_s += static_cast<double>(latency) * 1e-9;
  const auto fitting = static_cast<int64_t>(total_s / kShortestWindowSeconds);
  const int64_t windows = std::clamp<int64_t>(fitting, 1, kMostWindows);
  const double length_s = total_s / static_cast<double>(windows);
  std::vector<Cut> cuts;
  Cut cut{begin_s, begin_s, 0, 0};
  for (size_t i = 0; i < latencies_ns.size(); ++i) {
    cut.end_s += static_cast<double>(latencies_ns[i]) * 1e-9;
    cut.end = i + 1;
    const double full_s = begin_s + length_s * static_cast<double>(cuts.size() + 1);
    const bool is_last = i + 1 == latencies_ns.size();
    // Rounding must not leave a window of one run behind the last one.
    const bool is_full = cut.end_s >= full_s && static_cast<int64_t>(cuts.size()) + 1 < windows;
    if (!is_full && !is_last) continue;
    cuts.push_back(cut);
    cut = {cut.end_s, cut.end_s, cut.end, cut.end};
  }
  return cuts;
}

std::optional<double> Hottest(const hardware::Sample& sample) {
  std::optional<double> hottest;
  for (const auto& [zone, celsius] : sample.temperatures_c)
    hottest = std::max(hottest.value_or(celsius), celsius);
  return hottest;
}

std::optional<double> SlowestMhz(const hardware::Sample& sample) {
  const auto& clocks = sample.cpu_real_mhz.empty() ? sample.cpu_requested_mhz : sample.cpu_real_mhz;
  std::optional<double> slowest;
  for (const auto& [cpu, mhz] : clocks) slowest = std::min(slowest.value_or(mhz), mhz);
  return slowest;
}

LoadWindow Describe(const Cut& cut, std::span<const int64_t> latencies_ns,
                    std::span<const hardware::Sample> telemetry) {
  LoadWindow window{cut.begin_s, cut.end_s, 0, 0, 0, {}, {}};
  std::vector<double> sorted_us;
  for (size_t i = cut.first; i < cut.end; ++i)
    sorted_us.push_back(static_cast<double>(latencies_ns[i]) * 1e-3);
  std::sort(sorted_us.begin(), sorted_us.end());
  window.runs = static_cast<int64_t>(sorted_us.size());
  window.p50_us = Percentile(sorted_us, 50);
  window.p95_us = Percentile(sorted_us, 95);
  for (const hardware::Sample& sample : telemetry) {
    if (sample.seconds < cut.begin_s || sample.seconds > cut.end_s) continue;
    if (const auto hottest = Hottest(sample))
      window.hottest_c = std::max(window.hottest_c.value_or(*hottest), *hottest);
    if (const auto slowest = SlowestMhz(sample))
      window.slowest_cpu_mhz = std::min(window.slowest_cpu_mhz.value_or(*slowest), *slowest);
  }
  return window;
}

size_t SteadyFrom(const std::vector<LoadWindow>& windows) {
  const double last = windows.back().p50_us;
  size_t from = windows.size() - 1;
  while (from > 0 && std::abs(windows[from - 1].p50_us - last) <= kSteadyTolerance * last) --from;
  return from;
}

nlohmann::json OrNull(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

}  // namespace

SustainedLoad DescribeSustained(const Timings& timings, std::span<const hardware::Sample> telemetry,
                                const hardware::LockedClocks& locked) {
  const std::span<const int64_t> latencies = timings.latencies_ns;
  SustainedLoad load;
  const std::vector<Cut> cuts = CutIntoWindows(latencies, timings.warm_up_seconds);
  for (const Cut& cut : cuts) load.windows.push_back(Describe(cut, latencies, telemetry));
  load.steady_from = SteadyFrom(load.windows);
  load.steady = Summarize(latencies.subspan(cuts[load.steady_from].first));
  std::optional<hardware::WindowMedians> medians;
  if (load.windows.size() > 1)
    medians = hardware::WindowMedians{load.first().p50_us, load.last().p50_us};
  load.throttled =
      hardware::ThrottlingReasons({telemetry.begin(), telemetry.end()}, locked, medians);
  return load;
}

nlohmann::json ToJson(const SustainedLoad& load) {
  nlohmann::json windows = nlohmann::json::array();
  for (const LoadWindow& window : load.windows)
    windows.push_back({{"begin_s", window.begin_s},
                       {"end_s", window.end_s},
                       {"runs", window.runs},
                       {"p50_us", window.p50_us},
                       {"p95_us", window.p95_us},
                       {"hottest_c", OrNull(window.hottest_c)},
                       {"slowest_cpu_mhz", OrNull(window.slowest_cpu_mhz)}});
  return {{"windows", std::move(windows)},
          {"first_p50_us", load.first().p50_us},
          {"last_p50_us", load.last().p50_us},
          {"drift_ratio", load.drift_ratio()},
          {"steady_from_s", load.windows[load.steady_from].begin_s},
          {"steady", ToJson(load.steady)},
          {"throttled", load.throttled}};
}

}  // namespace edgeopt::measure
