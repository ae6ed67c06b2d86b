#include "cli/sustained_text.h"

#include <vector>

#include "cli/table.h"
#include "report/plot.h"
#include "report/text.h"

namespace edgeopt::cli {
namespace {

std::string OrUnmeasured(const std::optional<double>& value) {
  return value ? report::Number(*value) : "unmeasured";
}

}  // namespace

std::string SustainedText(const measure::SustainedLoad& load) {
  std::vector<std::vector<std::string>> rows;
  for (const measure::LoadWindow& window : load.windows)
    rows.push_back({report::Number(window.begin_s), std::to_string(window.runs),
                    report::Number(window.p50_us / 1000), report::Number(window.p95_us / 1000),
                    OrUnmeasured(window.hottest_c), OrUnmeasured(window.slowest_cpu_mhz)});
  std::string text =
      "\nUnder sustained load\n" +
      Table({"from s", "runs", "p50 ms", "p95 ms", "hottest C", "slowest CPU MHz"}, rows) +
      "First window " + report::Number(load.first().p50_us / 1000) + " ms, last " +
      report::Number(load.last().p50_us / 1000) + " ms: " + report::Number(load.drift_ratio()) +
      " times as long\nSteady from " + report::Number(load.windows[load.steady_from].begin_s) +
      " s on: p50 " + report::Number(load.steady.p50.value_us / 1000) + ", p95 " +
      report::Number(load.steady.p95.value_us / 1000) + ", p99 " +
      report::Number(load.steady.p99.value_us / 1000) + " ms of " +
      std::to_string(load.steady.runs) + " runs\n";
  for (const std::string& reason : load.throttled) text += "Throttled: " + reason + "\n";
  return text;
}

std::string SustainedPlot(const measure::SustainedLoad& load, const std::string& model) {
  report::PlotLine latency{"p50, ms", {}}, temperature{"hottest, °C", {}};
  for (const measure::LoadWindow& window : load.windows) {
    const double middle_s = (window.begin_s + window.end_s) / 2;
    latency.points.emplace_back(middle_s, window.p50_us / 1000);
    if (window.hottest_c) temperature.points.emplace_back(middle_s, *window.hottest_c);
  }
  report::Plot plot{model + " under sustained load", "seconds", {std::move(latency)}};
  if (!temperature.points.empty()) plot.lines.push_back(std::move(temperature));
  return report::ToSvg(plot);
}

}  // namespace edgeopt::cli
