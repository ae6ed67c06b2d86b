#include "report/markdown.h"

#include "report/conditions.h"
#include "report/kernels.h"
#include "report/sizes.h"
#include "report/sustained.h"
#include "report/text.h"
#include "report/verdict.h"

namespace edgeopt::report {
namespace {

constexpr const char* kUnmeasured = "unmeasured";

// A cell must not end the cell or the row.
std::string Cell(std::string text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') text[i] = ' ';
    if (text[i] == '|') text.insert(i++, "\\");
  }
  return text;
}

std::string Row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + Cell(cell) + " |";
  return row + "\n";
}

std::string Table(const std::vector<std::string>& heading,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string table = Row(heading) + "|";
  for (size_t i = 0; i < heading.size(); ++i) table += "---|";
  table += "\n";
  for (const auto& row : rows) table += Row(row);
  return table;
}

std::string FileName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::string ScoreText(const std::optional<Accuracy>& accuracy) {
  if (!accuracy) return kUnmeasured;
  return Score(accuracy->value) + (accuracy->unit.empty() ? "" : " " + accuracy->unit);
}

std::string P50(const Step& step) {
  if (!step.latency) return kUnmeasured;
  return Number(step.latency->p50_ms) +
         (ThrottledUnder(step.measured_under).empty() ? "" : " (throttled)");
}

std::string Change(const std::optional<double>& before, const std::optional<double>& after) {
  if (!before || !after) return kUnmeasured;
  if (*before == 0) return *after == 0 ? "0 %" : "from 0";
  return Percent(*after / *before - 1);
}

std::string ImportedText(const Record& record) {
  const Imported& imported = *record.imported;
  const Step* baseline = record.baseline();
  const bool by_framework = baseline != nullptr && !baseline->framework.empty();
  const size_t tried = imported.attempts.is_array() ? imported.attempts.size() : 0;
  return "- **Imported**: read " + imported.way +
         (tried > 1 ? " (" + std::to_string(tried - 1) + " other ways did not serve)" : "") +
         ", verified against " + imported.framework + " " + imported.version +
         (by_framework ? ", whose own numbers are the baseline's" : "") + "\n";
}

std::string Header(const Input& input) {
  const Record& record = input.record;
  std::string applied;
  if (const Step* judged = Judge(record).optimized)
    for (const Step* step : record.Chain(*judged))
      applied += (applied.empty() ? "" : " → ") + step->id;
  std::string text = "## Model Optimization Report: " + record.model_name + "\n\n";
  text += "- **Source**: `" + record.model_path + "` (" + record.source_format +
          (record.model_sha256.empty() ? "" : ", SHA-256 " + record.model_sha256) + ")\n";
  if (record.imported) text += ImportedText(record);
  text += SizesText(record);
  text += "- **Device**: " + record.device +
          (record.device_title.empty() ? "" : " (" + record.device_title + ")") +
          (record.dla_core ? ", engines for DLA core " + std::to_string(*record.dla_core) +
                                 ", the rest on the GPU"
                           : "") +
          (record.latency_label.empty() ? "" : ". **" + record.latency_label + "**") + "\n";
  if (const std::string where = MeasuredOn(record); !where.empty())
    text += "- **Measured on**: " + where + "\n";
  text += "- **Pipeline**: " + (applied.empty() ? "none" : applied) + "; edgeopt " +
          record.tool_version + ", " + record.runtime + " " + record.runtime_version + "\n";
  return text + "- **Date**: " + input.date + "\n\n";
}

// One row of Baseline vs Optimized.
struct Quantity {
  std::string name;
  std::optional<double> before, after;
  std::string (*show)(double);

  std::vector<std::string> Cells() const {
    return {name, before ? show(*before) : kUnmeasured, after ? show(*after) : kUnmeasured,
            Change(before, after)};
  }
};

template <typename Fn>
auto Optionally(const std::optional<Latency>& latency, Fn fn) -> std::optional<double> {
  return latency ? fn(*latency) : std::nullopt;
}

std::string Percentiles(const std::string& name, const std::optional<Latency>& latency) {
  if (!latency) return "";
  const Latency& l = *latency;
  const auto with = [](const char* label, double value, const Interval& interval) {
    // Too few runs hold a percentile to less than 95 %; then that is said.
    const std::string confidence = interval.confidence > 0 && interval.confidence < 0.945
                                       ? " at " + Number(interval.confidence * 100) + " %"
                                       : "";
    return std::string(label) + " " + Number(value) +
           (interval.confidence > 0 ? " (" + Range(interval) + confidence + ")" : "");
  };
  return "- " + name +
         ", latency in ms with 95 % intervals: " + with("p50", l.p50_ms, l.p50_interval) +
         ", p90 " + Number(l.p90_ms) + ", " + with("p95", l.p95_ms, l.p95_interval) + ", " +
         with("p99", l.p99_ms, l.p99_interval) + "; " + std::to_string(l.samples) + " runs, " +
         std::to_string(l.threads) + (l.threads == 1 ? " thread" : " threads") + ", load " +
         Number(l.load_ms) + " ms\n";
}

std::string Conditions(const std::string& name, const nlohmann::json& measured_under) {
  std::string text = ConditionsText(measured_under);
  for (const std::string& reason : ThrottledUnder(measured_under))
    text += (text.empty() ? "throttled: " : "; throttled: ") + reason;
  return text.empty() ? "" : "- " + name + ", conditions: " + text + "\n";
}

std::string AccuracyFacts(const Record& record, const std::string& name, const Step& step) {
  if (!step.accuracy) return "";
  const Accuracy& accuracy = *step.accuracy;
  std::string text = "- " + name + ", " + record.metric + ": " + ScoreText(accuracy) + " on " +
                     std::to_string(accuracy.samples) + " samples";
  if (accuracy.interval.confidence > 0)
    text += ", 95 % interval " + Score(accuracy.interval.low) + " to " +
            Score(accuracy.interval.high) + " (" + accuracy.interval.method + ")";
  if (const auto ties = accuracy.details.find("ties"); ties != accuracy.details.end())
    text += ", " + Number(ties->second) + " ties";
  if (accuracy.against_baseline)
    text += "; difference " + Score(accuracy.against_baseline->difference) + " (" +
            Score(accuracy.against_baseline->interval.low) + " to " +
            Score(accuracy.against_baseline->interval.high) +
            "), p = " + Number(accuracy.against_baseline->p_value) + " (" +
            accuracy.against_baseline->method + ")";
  if (!record.metric_needs_labels) text += "; agreement with the baseline, no labels";
  return text + "\n";
}

std::string Comparison(const Record& record, const Verdict& verdict) {
  std::string text = "### Baseline vs Optimized\n\n";
  const Step* before = record.baseline();
  if (before == nullptr) return text + "The baseline is unmeasured.\n\n";
  const Step& after = *verdict.optimized;
  // What was timed in turns is compared; the baseline's own measurement is of another moment.
  const std::optional<Latency>& baseline_latency =
      after.baseline_alongside ? after.baseline_alongside : before->latency;
  const auto megabytes = [](double bytes) { return Number(bytes / 1e6); };
  const auto quantity = [&](const char* name, auto get, std::string (*show)(double)) {
    return Quantity{name, Optionally(baseline_latency, get), Optionally(after.latency, get), show}
        .Cells();
  };
  std::vector<std::vector<std::string>> rows;
  rows.push_back(Quantity{"File size (MB)", static_cast<double>(before->size_bytes),
                          static_cast<double>(after.size_bytes), megabytes}
                     .Cells());
  using Value = std::optional<double>;
  rows.push_back(quantity(
      "Latency mean (ms)", [](const Latency& l) { return Value(l.mean_ms); }, Number));
  rows.push_back(quantity(
      "Latency P95 (ms)", [](const Latency& l) { return Value(l.p95_ms); }, Number));
  rows.push_back(quantity(
      "Peak memory (MB)",
      [](const Latency& l) {
        return l.peak_memory_bytes ? Value(static_cast<double>(*l.peak_memory_bytes)) : Value();
      },
      megabytes));
  const auto score = [](const Step& step) {
    return step.accuracy ? Value(step.accuracy->value) : Value();
  };
  rows.push_back(
      Quantity{"Accuracy (" + record.metric + ")", score(*before), score(after), Score}.Cells());
  rows.push_back(quantity(
      "Throughput (1/s)", [](const Latency& l) { return Value(l.throughput_per_s); }, Number));
  text += Table({"Metric", "Baseline", "Optimized", "Change"}, rows) + "\n";
  text += Percentiles("Baseline", baseline_latency);
  // What was timed in turns was measured under the same.
  if (!after.baseline_alongside) text += Conditions("Baseline", before->measured_under);
  text += AccuracyFacts(record, "Baseline", *before);
  if (&after != before)
    text += Percentiles("Optimized", after.latency) +
            Conditions("Optimized", after.measured_under) +
            AccuracyFacts(record, "Optimized", after);
  return text + "\n";
}

std::string StepsApplied(const Record& record, const Verdict& verdict) {
  std::string text = "### Optimization Steps Applied\n\n";
  if (record.baseline() == nullptr) return text + "None.\n\n";
  std::vector<std::vector<std::string>> rows;
  for (const Step* step : record.Chain(*verdict.optimized)) {
    const Step* input = record.Find(step->input);
    rows.push_back({step->id, input == nullptr ? step->input : FileName(input->output),
                    FileName(step->output), Megabytes(step->size_bytes), P50(*step),
                    ScoreText(step->accuracy)});
  }
  if (rows.empty()) return text + "None.\n\n";
  return text +
         Table({"Step", "Input", "Output", "Size (MB)", "Latency p50 (ms)", "Accuracy"}, rows) +
         "\n";
}

std::string SustainedLoad(const Record& record) {
  if (!record.sustained) return "";
  const Sustained& load = *record.sustained;
  std::string text = "### Sustained Load\n\n";
  if (!load.measured())
    return text + "`" + load.step + "` could not be measured under it: " + load.problem + "\n\n";
  text += "`" + load.step + "` for " + Number(record.measuring.sustained_s) + " s:\n\n![latency" +
          (load.windows.front().hottest_c ? " and temperature" : "") + "](" + kSustainedPlot +
          ")\n\n" + Table(SustainedHeading(), SustainedRows(load)) + "\n";
  for (const std::string& line : SustainedLines(load)) text += "- " + line + "\n";
  return text + Conditions("Sensors", load.measured_under) + "\n";
}

std::string VerdictText(const Input& input, const Verdict& verdict) {
  const Record& record = input.record;
  std::string text = "### Verdict\n\n**" + std::string(verdict.pass ? "PASS" : "FAIL") + "**";
  if (!verdict.accepted_because.empty())
    text += ", accepted by the user: “" + verdict.accepted_because + "”";
  text += "\n\n";
  for (const std::string& failure : verdict.failures) text += "- Failed: " + failure + "\n";
  for (const std::string& gate : verdict.not_judged) text += "- Not judged: " + gate + "\n";
  text += "- Accuracy change: " +
          (verdict.accuracy_change_ratio ? Percent(*verdict.accuracy_change_ratio) + " relative"
                                         : std::string(kUnmeasured)) +
          "; tolerance " + Number(record.tolerance_ratio * 100) + " %\n";
  text += "- Speed-up: ";
  if (verdict.speedup)
    text += Number(verdict.speedup->ratio) + " (" + Range(verdict.speedup->interval) +
            ", timed in turns with the baseline)";
  else
    text +=
        verdict.optimized != nullptr && verdict.optimized == record.baseline() ? "1" : kUnmeasured;
  text += "\n- Compression: " + Number(verdict.compression) + " times smaller\n";
  if (record.latency_target_ms)
    text += "- Latency target: " + Number(*record.latency_target_ms) + " ms (p50)\n";
  text += "- Original unchanged: " +
          std::string(record.original_unchanged ? "yes, SHA-256 checked" : "not checked yet") +
          "\n";
  if (!input.alternatives.empty()) text += "\nAlternatives:\n\n";
  for (const Suggestion& alternative : input.alternatives)
    text += "- " + alternative.what + ": `" + alternative.estimate + "`\n";
  if (record.bottleneck) {
    text += "\nBottleneck: " + record.bottleneck->summary + ". What to try:\n\n";
    for (const Suggestion& suggestion : record.bottleneck->suggestions)
      text += "- " + suggestion.what + ": " + suggestion.estimate + "\n";
  }
  return text + "\n";
}

std::string Artifact(const Input& input, const Verdict& verdict) {
  std::string text = "### Deployment Artifact\n\n";
  if (input.package.empty()) return text + "Nothing is packaged.\n\n";
  const std::filesystem::path folder(input.package);
  text += "- **Model**: `" + (folder / FileName(verdict.optimized->output)).string() + "`\n";
  text += "- **Metadata**: `" + (folder / "manifest.json").string() + "`\n";
  return text + "- **Preprocessing**: " +
         (input.record.preprocessing.empty() &&
                  !verdict.optimized->files.contains("preprocessing.toml")
              ? std::string("none")
              : "`" + (folder / "preprocessing.toml").string() + "`") +
         "\n\n";
}

std::string TradeOffs(const Record& record, const Verdict& verdict) {
  std::string text = "### Trade-offs\n\n", reasons;
  std::vector<std::vector<std::string>> rows;
  for (const Step& step : record.steps) {
    const bool is_baseline = &step == record.baseline();
    const bool made = !step.output.empty();
    std::string speedup = step.vs_baseline ? Number(step.vs_baseline->ratio) : kUnmeasured;
    std::string delta = kUnmeasured;
    if (is_baseline) speedup = "1";
    if (record.baseline()->accuracy && step.accuracy)
      delta = Percent(-RelativeLoss(*record.baseline()->accuracy, *step.accuracy));
    rows.push_back({step.id, made ? std::string(step.format()) : "-", made ? step.precision : "-",
                    made ? Megabytes(step.size_bytes) : "-", P50(step), ScoreText(step.accuracy),
                    speedup, delta});
    if (is_baseline) {
      for (const std::string& warning : step.warnings) reasons += "- Warning: " + warning + "\n";
      continue;
    }
    reasons += "- `" + step.id + "` " + std::string(Name(step.decision)) +
               (step.reason.empty() ? "" : ": " + step.reason) + "\n";
    for (const std::string& line : KernelLines(step)) reasons += "  - " + line + "\n";
    for (const std::string& warning : step.warnings) reasons += "  - Warning: " + warning + "\n";
  }
  text += Table({"Variant", "Format", "Precision", "Size (MB)", "Latency p50 (ms)", "Accuracy",
                 "Speed-up", "Accuracy delta"},
                rows);
  if (!reasons.empty()) text += "\n" + reasons;
  for (const auto& [kind, why] : record.not_tried)
    text += (reasons.empty() ? "\n- `" : "- `") + kind + "` not tried: " + why + "\n";
  for (const std::string& warning : record.warnings) text += "- Warning: " + warning + "\n";
  return text + "\n**Recommendation**: " + Recommend(record, verdict) + "\n";
}

}  // namespace

std::string Markdown(const Input& input) {
  const Verdict verdict = Judge(input.record);
  return Header(input) + Comparison(input.record, verdict) + StepsApplied(input.record, verdict) +
         SustainedLoad(input.record) + VerdictText(input, verdict) + Artifact(input, verdict) +
         TradeOffs(input.record, verdict);
}

}  // namespace edgeopt::report
