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
  std::vector<double> seen;
  double classes = 0;
  for (const auto& [index, judged] : classes_) {
    if (judged.positives[area] == 0) continue;
    classes += 1;
    means.precision.resize(thresholds_);
    means.recall.resize(thresholds_);
    RunningWeights(judged.detections, once, seen);
    for (size_t t = 0; t < thresholds_; ++t) {
      double recall = 0;
      means.precision[t] +=
          PrecisionCurve(judged.detections, area, t)
              .Average(judged.detections, once, seen, static_cast<double>(judged.positives[area]),
                       interpolation_, &recall);
      means.recall[t] += recall;
    }
  }
  for (double& precision : means.precision) precision /= classes;
  for (double& recall : means.recall) recall /= classes;
  return means;
}

Result<Score> MeanAveragePrecision::Resampled() const {
  struct Class {
    const JudgedClass* judged;
    std::vector<PrecisionCurve> curves;
  };
  std::vector<Class> classes;
  for (const auto& [index, judged] : classes_) {
    if (judged.positives[0] == 0) continue;
    classes.push_back({&judged, {}});
    for (size_t t = 0; t < thresholds_; ++t)
      classes.back().curves.emplace_back(judged.detections, 0, t);
  }
  std::vector<double> seen;
  const auto mean = [&](std::span<const uint32_t> weights) {
    double sum = 0, present = 0;
    for (auto& [judged, curves] : classes) {
      double positives = 0;
      for (const auto& [image, count] : judged->positives_of_images)
        positives += static_cast<double>(weights[image]) * count;
      if (positives == 0) continue;
      present += 1;
      RunningWeights(judged->detections, weights, seen);
      for (PrecisionCurve& curve : curves)
        sum += curve.Average(judged->detections, weights, seen, positives, interpolation_);
    }
    return sum / (present * static_cast<double>(thresholds_));
  };
  return ResampledScore(image_ids_.size(), mean);
}

Result<Score> MeanAveragePrecision::Finish() {
  if (image_ids_.empty()) return NoSamples();
  RankDetections(classes_, RankOfImages());
  bool any = false;
  for (const auto& [index, judged] : classes_) any = any || judged.positives[0] > 0;
  if (!any)
    return BadInput("none of the " + std::to_string(image_ids_.size()) +
                    " images has an object to be found; average precision is undefined");
  EDGEOPT_TRY(Score score, Resampled());
  const std::vector<uint32_t> once(image_ids_.size(), 1);
  std::vector<double> seen;
  for (const auto& [index, judged] : classes_) {
    if (judged.positives[0] == 0) continue;
    RunningWeights(judged.detections, once, seen);
    double sum = 0;
    for (size_t t = 0; t < thresholds_; ++t)
      sum += PrecisionCurve(judged.detections, 0, t)
                 .Average(judged.detections, once, seen, static_cast<double>(judged.positives[0]),
                          interpolation_);
    score.details["class/" + std::to_string(index)] = sum / static_cast<double>(thresholds_);
  }
  return score;
}

}  // namespace edgeopt::metrics
