#include "pipeline/mixed_precision.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/parallel.h"
#include "report/text.h"

namespace edgeopt::pipeline {

using nlohmann::json;

namespace {

// On top of what the model of MixedTarget says: a first-order estimate is exceeded half of the
// time.
constexpr double kMarginDb = 1;
// The most that a step of mixed precision aims to improve: a tenth of the noise. (A tolerance of 0
// would ask for all of it.)
constexpr double kMostGainDb = 20;
// As Fidelity::score_db counts equal outputs.
constexpr double kExactDb = 200;

std::vector<std::string> NamesOf(const std::vector<MixedLayer>& layers, size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(layers[i].name);
  return names;
}

Status RankAlone(std::vector<MixedLayer>& layers, const MixedScore& alone, int workers) {
  std::vector<std::optional<Result<std::optional<double>>>> scores(layers.size());
  ParallelFor(static_cast<int64_t>(layers.size()), workers, [&](int64_t index) {
    const auto i = static_cast<size_t>(index);
    std::vector<std::string> others;
    for (size_t k = 0; k < layers.size(); ++k)
      if (k != i) others.push_back(layers[k].name);
    scores[i] = alone(others);
  });
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!scores[i]->ok())
      return scores[i]->error().Within("layer '" + layers[i].name + "' alone in int8");
    layers[i].alone_db = **scores[i];
  }
  std::stable_sort(layers.begin(), layers.end(), [](const MixedLayer& a, const MixedLayer& b) {
    return a.alone_db.value_or(INFINITY) < b.alone_db.value_or(INFINITY);
  });
  return OkStatus();
}

// As Fidelity::score_db.
std::optional<double> ScoreIn(const json& details) {
  if (!details.is_object()) return std::nullopt;
  const json outputs = details.value("/fidelity/outputs"_json_pointer, json());
  if (!outputs.is_array() || outputs.empty()) return std::nullopt;
  double sum = 0;
  for (const json& output : outputs) {
    if (!output.is_object() || !output.contains("sqnr_db")) return std::nullopt;
    const json& sqnr = output["sqnr_db"];
    sum += sqnr.is_number() ? std::clamp(sqnr.get<double>(), -kExactDb, kExactDb) : kExactDb;
  }
  return sum / static_cast<double>(outputs.size());
}

}  // namespace

std::vector<std::string> MixedChoice::names() const { return NamesOf(layers, excluded); }

json MixedChoice::ToJson(double target_db) const {
  json document = {{"target_sqnr_db", target_db}, {"sqnr_db", sqnr_db}};
  document["layers"] = document["probes"] = json::array();
  for (size_t i = 0; i < layers.size(); ++i)
    document["layers"].push_back(
        {{"name", layers[i].name},
         {"op_type", layers[i].op_type},
         {"alone_sqnr_db", layers[i].alone_db ? json(*layers[i].alone_db) : json()},
         {"excluded", i < excluded}});
  for (const Probe& probe : probes)
    document["probes"].push_back({{"excluded", probe.excluded}, {"sqnr_db", probe.sqnr_db}});
  return document;
}

Result<MixedChoice> ChooseMixed(std::vector<MixedLayer> layers, double target_db,
                                const MixedScore& alone, const MixedScore& together, int workers) {
  EDGEOPT_CHECK_OK(RankAlone(layers, alone, workers));
  const auto by_themselves = static_cast<size_t>(std::ranges::count_if(
      layers, [](const MixedLayer& layer) { return layer.alone_db.has_value(); }));
  if (by_themselves < 2)
    return Unsupported("mixed precision needs two int8 layers to choose from, the model has " +
                           std::to_string(by_themselves),
                       "take 16-bit floats instead");
  MixedChoice choice;
  choice.layers = std::move(layers);
  const auto measure = [&](size_t count) -> Result<double> {
    EDGEOPT_TRY(const std::optional<double> score, together(NamesOf(choice.layers, count)));
    if (!score) return Internal("a layer that is int8 alone is not beside others");
    choice.probes.push_back({count, *score});
    return *score;
  };
  // Leaving out `enough` is known to suffice, `too_few` not to: with none the model was too far
  // off.
  size_t too_few = 0, enough = by_themselves - 1;
  EDGEOPT_TRY(choice.sqnr_db, measure(enough));
  if (choice.sqnr_db < target_db)
    return Unsupported("with '" + choice.layers[enough].name +
                           "' alone in int8 the outputs still have a signal-to-noise ratio of " +
                           report::Number(choice.sqnr_db) + " dB, less than the " +
                           report::Number(target_db) + " dB aimed at",
                       "take 16-bit floats instead");
  while (enough - too_few > 1) {
    const size_t middle = too_few + (enough - too_few) / 2;
    EDGEOPT_TRY(const double score, measure(middle));
    if (score < target_db) {
      too_few = middle;
    } else {
      enough = middle;
      choice.sqnr_db = score;
    }
  }
  choice.excluded = enough;
  return choice;
}

std::optional<double> MixedTarget(const report::Record& record, const report::Step& violation) {
  const report::Step* baseline = record.baseline();
  const auto sqnr_db = ScoreIn(violation.details);
  if (!sqnr_db || baseline == nullptr || !baseline->accuracy || !violation.accuracy)
    return std::nullopt;
  const double loss = report::RelativeLoss(*baseline->accuracy, *violation.accuracy);
  if (!(loss > record.tolerance_ratio)) return std::nullopt;
  const double gain_db =
      record.tolerance_ratio > 0 ? 20 * std::log10(loss / record.tolerance_ratio) : kMostGainDb;
  return *sqnr_db + std::min(gain_db + kMarginDb, kMostGainDb);
}

}  // namespace edgeopt::pipeline
