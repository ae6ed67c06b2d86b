#include "pipeline/score_file.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/json_number.h"

namespace edgeopt::pipeline {

using nlohmann::json;
using report::NumberToJson;

namespace {

constexpr int kSchemaVersion = 1;

template <typename T>
json Numbers(const std::vector<T>& values) {
  json numbers = json::array();
  for (const T value : values) numbers.push_back(NumberToJson(value));
  return numbers;
}

// Throws json::exception, as the other accessors do.
double Number(const json& number) {
  const auto value = report::NumberFromJson(number);
  return value ? *value : number.get<double>();
}

template <typename T>
std::vector<T> ReadNumbers(const json& numbers) {
  std::vector<T> values;
  values.reserve(numbers.size());
  for (const json& number : numbers) values.push_back(static_cast<T>(Number(number)));
  return values;
}

}  // namespace

Status WriteScore(const std::filesystem::path& path, const metrics::Score& score) {
  json details = json::object();
  for (const auto& [name, value] : score.details) details[name] = NumberToJson(value);
  const json document = {{"schema_version", kSchemaVersion},
                         {"value", NumberToJson(score.value)},
                         {"samples", score.samples},
                         {"interval",
                          {{"low", NumberToJson(score.interval.low)},
                           {"high", NumberToJson(score.interval.high)},
                           {"confidence", score.interval.confidence},
                           {"method", score.interval.method}}},
                         {"higher_is_better", score.higher_is_better},
                         {"unit", score.unit},
                         {"details", std::move(details)},
                         {"per_sample", Numbers(score.per_sample)},
                         {"replicates", Numbers(score.replicates)}};
  return WriteFile(path, document.dump() + "\n");
}

Result<metrics::Score> ReadScore(const std::filesystem::path& path) {
  EDGEOPT_TRY(const std::string text, ReadFile(path));
  metrics::Score score;
  try {
    const json document = json::parse(text);
    if (document.at("schema_version") != kSchemaVersion)
      return Unsupported("'" + path.string() + "' has another schema version");
    score.value = Number(document.at("value"));
    document.at("samples").get_to(score.samples);
    const json& interval = document.at("interval");
    score.interval.low = Number(interval.at("low"));
    score.interval.high = Number(interval.at("high"));
    interval.at("confidence").get_to(score.interval.confidence);
    interval.at("method").get_to(score.interval.method);
    document.at("higher_is_better").get_to(score.higher_is_better);
    document.at("unit").get_to(score.unit);
    for (const auto& [name, value] : document.at("details").items())
      score.details[name] = Number(value);
    score.per_sample = ReadNumbers<float>(document.at("per_sample"));
    score.replicates = ReadNumbers<double>(document.at("replicates"));
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
