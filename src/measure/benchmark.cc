#include "measure/benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

namespace edgeopt::measure {
namespace {

constexpr int64_t kWindowRuns = 5;
// trtexec's own default: contexts and clocks of a GPU begin anew with every process.
constexpr double kProcessWarmUpSeconds = 0.2;
// What a process reports of all its runs has to fit into memory at once.
constexpr double kLongestProcessSeconds = 60;
constexpr int64_t kReserved = 1 << 17;  // so that recording a latency does not allocate

double Seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }

double Median(std::vector<int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

// Collects warm-up latencies in windows and says when two neighbours agree.
class Settling {
 public:
  Settling(double window_seconds, double tolerance)
      : window_seconds_(window_seconds), tolerance_(tolerance) {}

  bool Add(int64_t latency_ns) {
    window_.push_back(latency_ns);
    seconds_ += Seconds(latency_ns);
    if (static_cast<int64_t>(window_.size()) < kWindowRuns || seconds_ < window_seconds_)
      return settled_;
    const double median = Median(std::exchange(window_, {}));
    seconds_ = 0;
    settled_ = before_ > 0 && std::abs(median - before_) <= tolerance_ * before_;
    before_ = median;
    return settled_;
  }

 private:
  double window_seconds_, tolerance_;
  std::vector<int64_t> window_;
  double seconds_ = 0, before_ = 0;
  bool settled_ = false;
};

// One call of the model, timed.
Result<int64_t> TimeOne(const std::function<Status(int64_t)>& run, int64_t index,
                        const Clock& clock, const BenchControl& control) {
  if (control.stop && control.stop()) return Interrupted();
  const int64_t start = clock();
  Status status = run(index);
  const int64_t end = clock();
  if (!status.ok()) return status.error();
  return end - start;
}

LatencyPercentile PercentileOf(std::span<const double> in_order_us,
                               std::span<const double> sorted_us, double p) {
  return {Percentile(sorted_us, p), PercentileIntervalInTime(in_order_us, sorted_us, p)};
}

double MedianUs(std::span<const int64_t> latencies_ns) {
  return Median({latencies_ns.begin(), latencies_ns.end()}) * 1e-3;
}

nlohmann::json ToJson(const LatencyPercentile& percentile) {
  return {{"value_us", percentile.value_us},
          {"low_us", percentile.interval.low},
          {"high_us", percentile.interval.high},
          {"confidence", percentile.interval.confidence}};
}

std::string Shortened(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

}  // namespace

Clock SteadyClock() {
  return [] {
    return static_cast<int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                    std::chrono::steady_clock::now().time_since_epoch())
                                    .count());
  };
}

Result<Timings> TimeRuns(const BenchPlan& plan, const std::function<Status(int64_t)>& run,
                         const Clock& clock, const BenchControl& control) {
  Timings timings;
  timings.latencies_ns.reserve(
      static_cast<size_t>(std::clamp(plan.max_runs, plan.min_runs, kReserved)));
  const WarmUp& warm_up = plan.warm_up;
  Settling settling(warm_up.min_seconds / 3, warm_up.tolerance);
  const int64_t begin = clock();
  int64_t index = 0;
  while (true) {
    EDGEOPT_TRY(const int64_t latency, TimeOne(run, index++, clock, control));
    timings.settled = settling.Add(latency);
    timings.warm_up_seconds = Seconds(clock() - begin);
    const bool enough = index >= warm_up.min_runs && timings.warm_up_seconds >= warm_up.min_seconds;
    if ((enough && timings.settled) || timings.warm_up_seconds >= warm_up.max_seconds) break;
  }
  timings.warm_up_runs = index;
  const int64_t first = clock();
  const auto more = [&] {
    const auto done = static_cast<int64_t>(timings.latencies_ns.size());
    if (done < plan.min_runs) return true;
    return Seconds(clock() - first) < plan.min_seconds && done < plan.max_runs;
  };
  while (more()) {
    EDGEOPT_TRY(const int64_t latency, TimeOne(run, index++, clock, control));
    timings.latencies_ns.push_back(latency);
    if (control.progress)
      control.progress(static_cast<int64_t>(timings.latencies_ns.size()), plan.min_runs);
  }
  return timings;
}

Result<Timings> TimeSelfTimed(const BenchPlan& plan, runtimes::SelfTimed& model,
                              const std::vector<ir::Tensor>& sample, const BenchControl& control) {
  Timings timings;
  timings.settled = true;
  timings.warm_up_seconds = std::max(plan.warm_up.min_seconds, kProcessWarmUpSeconds);
  double seconds = plan.min_seconds;
  std::vector<int64_t>& latencies = timings.latencies_ns;
  do {
    const auto done = static_cast<int64_t>(latencies.size());
    const runtimes::SelfTimed::Plan process = {timings.warm_up_seconds,
                                               std::max<int64_t>(1, plan.min_runs - done),
                                               std::min(seconds, kLongestProcessSeconds)};
    EDGEOPT_TRY(const auto more, model.Time(sample, process));
    latencies.insert(latencies.end(), more.begin(), more.end());
    seconds -= kLongestProcessSeconds;
    if (control.progress) control.progress(static_cast<int64_t>(latencies.size()), plan.min_runs);
  } while (seconds > 0 && static_cast<int64_t>(latencies.size()) < plan.max_runs);
  latencies.resize(std::min(latencies.size(), static_cast<size_t>(plan.max_runs)));
  return timings;
}

LatencySummary Summarize(std::span<const int64_t> latencies_ns) {
  std::vector<double> in_order_us;
  double sum_us = 0;
  for (const int64_t latency : latencies_ns) {
    in_order_us.push_back(static_cast<double>(latency) * 1e-3);
    sum_us += in_order_us.back();
  }
  std::vector<double> sorted_us = in_order_us;
  std::sort(sorted_us.begin(), sorted_us.end());
  LatencySummary summary;
  summary.runs = static_cast<int64_t>(sorted_us.size());
  summary.mean_us = sum_us / static_cast<double>(summary.runs);
  summary.min_us = sorted_us.front();
  summary.max_us = sorted_us.back();
  summary.p50 = PercentileOf(in_order_us, sorted_us, 50);
  summary.p90 = PercentileOf(in_order_us, sorted_us, 90);
  summary.p95 = PercentileOf(in_order_us, sorted_us, 95);
  summary.p99 = PercentileOf(in_order_us, sorted_us, 99);
  summary.runs_per_s = summary.mean_us > 0 ? 1e6 / summary.mean_us : 0;
  const size_t window = std::max<size_t>(1, latencies_ns.size() / 5);
  summary.first_p50_us = MedianUs(latencies_ns.first(window));
  summary.last_p50_us = MedianUs(latencies_ns.last(window));
  return summary;
}

nlohmann::json ToJson(const LatencySummary& summary) {
  return {{"runs", summary.runs},
          {"mean_us", summary.mean_us},
          {"min_us", summary.min_us},
          {"max_us", summary.max_us},
          {"p50", ToJson(summary.p50)},
          {"p90", ToJson(summary.p90)},
          {"p95", ToJson(summary.p95)},
          {"p99", ToJson(summary.p99)},
          {"runs_per_s", summary.runs_per_s},
          {"first_p50_us", summary.first_p50_us},
          {"last_p50_us", summary.last_p50_us}};
}

std::vector<std::string> Remarks(const LatencySummary& summary, const Timings& timings) {
  std::vector<std::string> remarks;
  if (!timings.settled)
    remarks.push_back("the latency did not settle within " + Shortened(timings.warm_up_seconds) +
                      " s of warm-up: the machine is busy or its clock varies");
  if (summary.drift_ratio() > kMaxDrift)
    remarks.push_back("the last runs took " + Shortened(summary.drift_ratio()) +
                      " times as long as the first: throttled or disturbed; measure again");
  if (summary.p99.interval.confidence < 0.95)
    remarks.push_back(
        "p99 from " + std::to_string(summary.runs) + " runs is rough: its interval holds to " +
        Shortened(summary.p99.interval.confidence * 100) + " % only; measure more runs for it");
  return remarks;
}

}  // namespace edgeopt::measure
