#include "pipeline/score_file.h"

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace edgeopt::pipeline {

using nlohmann::json;

namespace {
constexpr int kSchemaVersion = 1;
}

Status WriteScore(const std::filesystem::path& path, const metrics::Score& score) {
  const json document = {{"schema_version", kSchemaVersion},
                         {"value", score.value},
                         {"samples", score.samples},
                         {"interval",
                          {{"low", score.interval.low},
                           {"high", score.interval.high},
                           {"confidence", score.interval.confidence},
                           {"method", score.interval.method}}},
                         {"higher_is_better", score.higher_is_better},
                         {"unit", score.unit},
                         {"details", score.details},
                         {"per_sample", score.per_sample},
                         {"replicates", score.replicates}};
  return WriteFile(path, document.dump() + "\n");
}

Result<metrics::Score> ReadScore(const std::filesystem::path& path) {
  EDGEOPT_TRY(const std::string text, ReadFile(path));
  metrics::Score score;
  try {
    const json document = json::parse(text);
    if (document.at("schema_version") != kSchemaVersion)
      return Unsupported("'" + path.string() + "' has another schema version");
    document.at("value").get_to(score.value);
    document.at("samples").get_to(score.samples);
    const json& interval = document.at("interval");
    interval.at("low").get_to(score.interval.low);
    interval.at("high").get_to(score.interval.high);
    interval.at("confidence").get_to(score.interval.confidence);
    interval.at("method").get_to(score.interval.method);
    document.at("higher_is_better").get_to(score.higher_is_better);
    document.at("unit").get_to(score.unit);
    document.at("details").get_to(score.details);
    document.at("per_sample").get_to(score.per_sample);
    document.at("replicates").get_to(score.replicates);
  } catch (const json::exception& error) {
    return BadInput("'" + path.string() + "' is no score: " + error.what());
  }
  return score;
}

report::Accuracy ToAccuracy(const metrics::Score& score, const metrics::Score* baseline) {
  report::Accuracy accuracy;
  accuracy.value = score.value;
  accuracy.samples = score.samples;
  accuracy.interval = score.interval;
  accuracy.higher_is_better = score.higher_is_better;
  accuracy.unit = score.unit;
  accuracy.details = score.details;
  if (baseline == nullptr) return accuracy;
  if (const auto test = metrics::Compare(*baseline, score); test.ok())
    accuracy.against_baseline = report::PairedDifference{
        test->method, test->difference, test->interval, test->p_value, test->samples};
  return accuracy;
}

}  // namespace edgeopt::pipeline
