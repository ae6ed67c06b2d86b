#include "metrics/mean_average_precision.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "metrics/inputs.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {

Status MeanAveragePrecision::Update(const Observation& observation) {
  const auto number = static_cast<int64_t>(image_ids_.size());
  EDGEOPT_TRY(const auto objects, ReadObjects(observation, number));
  EDGEOPT_TRY(const auto detections, reader_.Read(observation, number));
  std::optional<int64_t> id;
  if (const ir::Tensor* target = FindTarget(observation, "image_id")) {
    EDGEOPT_TRY(const auto ids, Integers(*target, 1, number));
    id = ids[0];
  }
  image_ids_.push_back(id);
  Judge(detections, objects, static_cast<uint32_t>(number), classes_);
  return OkStatus();
}

// Equal scores rank by the image's number in the data set where all have different ones, as in
// pycocotools; else in the order of evaluation.
std::vector<uint32_t> MeanAveragePrecision::RankOfImages() const {
  std::vector<uint32_t> order(image_ids_.size());
  std::iota(order.begin(), order.end(), 0u);
  const std::set<std::optional<int64_t>> different(image_ids_.begin(), image_ids_.end());
  if (different.size() != image_ids_.size() || different.contains(std::nullopt)) return order;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return image_ids_[a] < image_ids_[b]; });
  std::vector<uint32_t> rank(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  return rank;
}

MeanAveragePrecision::Means MeanAveragePrecision::MeansOf(size_t area) const {
  Means means;
  const std::vector<uint32_t> once(image_ids_.size(), 1);
  double classes = 0;
  for (const auto& [index, judged] : classes_) {
    if (judged.positives[area] == 0) continue;
    classes += 1;
    means.precision.resize(thresholds_);
    means.recall.resize(thresholds_);
    PrecisionCurves(judged.detections, area, thresholds_)
        .Average(once, static_cast<double>(judged.positives[area]), interpolation_, means.precision,
                 means.recall);
  }
  for (double& precision : means.precision) precision /= classes;
  for (double& recall : means.recall) recall /= classes;
  return means;
}

Result<Score> MeanAveragePrecision::Finish() {
  if (image_ids_.empty()) return NoSamples();
  RankDetections(classes_, RankOfImages());
  struct Class {
    int64_t index;
    const JudgedClass* judged;
    PrecisionCurves curves;
  };
  std::vector<Class> classes;
  for (const auto& [index, judged] : classes_)
    if (judged.positives[0] > 0)
      classes.push_back({index, &judged, PrecisionCurves(judged.detections, 0, thresholds_)});
  if (classes.empty())
    return BadInput("there is no object to be found in the " + std::to_string(image_ids_.size()) +
                    " images; average precision is undefined");

  std::vector<double> precision(thresholds_);
  // Of one class, the mean over the thresholds; nullopt when the draw has no object of it.
  const auto average = [&](Class& entry,
                           std::span<const uint32_t> weights) -> std::optional<double> {
    double positives = 0;
    for (const auto& [image, count] : entry.judged->positives_of_images)
      positives += static_cast<double>(weights[image]) * count;
    if (positives == 0) return std::nullopt;
    std::fill(precision.begin(), precision.end(), 0);
    entry.curves.Average(weights, positives, interpolation_, precision, {});
    return std::accumulate(precision.begin(), precision.end(), 0.0) /
           static_cast<double>(thresholds_);
  };
  const auto mean = [&](std::span<const uint32_t> weights) {
    double sum = 0, present = 0;
    for (Class& entry : classes) {
      const std::optional<double> value = average(entry, weights);
      sum += value.value_or(0);
      present += value ? 1 : 0;
    }
    return sum / present;
  };
  EDGEOPT_TRY(Score score, ResampledScore(image_ids_.size(), mean));
  const std::vector<uint32_t> once(image_ids_.size(), 1);
  for (Class& entry : classes)
    score.details["class/" + std::to_string(entry.index)] = average(entry, once).value_or(0);
  return score;
}

}  // namespace edgeopt::metrics
