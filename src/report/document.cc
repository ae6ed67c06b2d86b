// report.json: the record, and what is concluded from it.
#include "report/conditions.h"
#include "report/markdown.h"
#include "report/sustained.h"
#include "report/verdict.h"

namespace edgeopt::report {
namespace {

nlohmann::json SustainedSummary(const Record& record) {
  if (!record.sustained || !record.sustained->measured()) return {};
  const Sustained& load = *record.sustained;
  return {{"variant", load.step},
          {"first_p50_ms", load.windows.front().p50_ms},
          {"last_p50_ms", load.windows.back().p50_ms},
          {"steady_p50_ms", load.steady_p50_ms},
          {"throttled", load.throttled},
          {"plot", kSustainedPlot}};
}

}  // namespace

nlohmann::json Document(const Input& input) {
  using nlohmann::json;
  const Record& record = input.record;
  const Verdict verdict = Judge(record);
  json rows = json::array(), alternatives = json::array();
  for (const Step& step : record.steps) {
    json row = {{"variant", step.id},
                {"format", step.format()},
                {"precision", step.precision},
                {"size_bytes", step.output.empty() ? json() : json(step.size_bytes)},
                {"latency_p50_ms", step.latency ? json(step.latency->p50_ms) : json()},
                {"accuracy", step.accuracy ? json(step.accuracy->value) : json()},
                {"speedup", step.vs_baseline ? json(step.vs_baseline->ratio) : json()},
                {"accuracy_change_ratio", json()},
                {"throttled", ThrottledUnder(step.measured_under)},
                {"decision", Name(step.decision)}};
    if (record.baseline()->accuracy && step.accuracy)
      row["accuracy_change_ratio"] = -RelativeLoss(*record.baseline()->accuracy, *step.accuracy);
    rows.push_back(std::move(row));
  }
  for (const Suggestion& alternative : input.alternatives)
    alternatives.push_back({{"what", alternative.what}, {"command", alternative.estimate}});
  return {{"schema_version", kReportSchemaVersion},
          {"date", input.date},
          {"package", input.package.empty() ? json() : json(input.package)},
          {"verdict",
           {{"pass", verdict.pass},
            {"variant", verdict.optimized ? json(verdict.optimized->id) : json()},
            {"failures", verdict.failures},
            {"not_judged", verdict.not_judged},
            {"accepted_because",
             verdict.accepted_because.empty() ? json() : json(verdict.accepted_because)},
            {"accuracy_change_ratio",
             verdict.accuracy_change_ratio ? json(*verdict.accuracy_change_ratio) : json()},
            {"tolerance_ratio", record.tolerance_ratio},
            {"speedup", verdict.speedup ? ToJson(*verdict.speedup) : json()},
            {"compression", verdict.compression}}},
          {"measured_on",
           {{"host", record.measuring.host.empty() ? json() : json(record.measuring.host)},
            {"clocks", record.clocks.empty() ? json() : json(record.clocks)}}},
          {"sustained", SustainedSummary(record)},
          {"trade_offs", rows},
          {"alternatives", alternatives},
          {"recommendation", Recommend(record, verdict)},
          {"record", ToJson(record)}};
}

}  // namespace edgeopt::report
