#include "report/sustained.h"

#include "report/plot.h"
#include "report/text.h"

namespace edgeopt::report {
namespace {

std::string NumberOrUnmeasured(const std::optional<double>& value) {
  return value ? Number(*value) : "unmeasured";
}

}  // namespace

std::vector<std::string> SustainedHeading() {
  return {"from s", "runs", "p50 ms", "p95 ms", "hottest C", "slowest CPU MHz"};
}

std::vector<std::vector<std::string>> SustainedRows(const Sustained& load) {
  std::vector<std::vector<std::string>> rows;
  for (const LoadWindow& window : load.windows)
    rows.push_back({Number(window.begin_s), std::to_string(window.runs), Number(window.p50_ms),
                    Number(window.p95_ms), NumberOrUnmeasured(window.hottest_c),
                    NumberOrUnmeasured(window.slowest_cpu_mhz)});
  return rows;
}

std::vector<std::string> SustainedLines(const Sustained& load) {
  const double first_ms = load.windows.front().p50_ms, last_ms = load.windows.back().p50_ms;
  std::vector<std::string> lines = {
      "First window " + Number(first_ms) + " ms, last " + Number(last_ms) +
          " ms: " + Number(first_ms > 0 ? last_ms / first_ms : 1) + " times as long",
      "Steady from " + Number(load.steady_from_s) + " s on: p50 " + Number(load.steady_p50_ms) +
          ", p95 " + Number(load.steady_p95_ms) + ", p99 " + Number(load.steady_p99_ms) +
          " ms of " + std::to_string(load.steady_runs) + " runs"};
  for (const std::string& reason : load.throttled) lines.push_back("Throttled: " + reason);
  return lines;
}

std::string SustainedPlot(const Sustained& load, const std::string& model) {
  PlotLine latency{"p50, ms", {}}, temperature{"hottest, °C", {}};
  for (const LoadWindow& window : load.windows) {
    const double middle_s = (window.begin_s + window.end_s) / 2;
    latency.points.emplace_back(middle_s, window.p50_ms);
    if (window.hottest_c) temperature.points.emplace_back(middle_s, *window.hottest_c);
  }
  Plot plot{model + " under sustained load", "seconds", {std::move(latency)}};
  if (!temperature.points.empty()) plot.lines.push_back(std::move(temperature));
  return ToSvg(plot);
}

}  // namespace edgeopt::report
