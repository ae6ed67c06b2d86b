#include "metrics/average_precision.h"

#include <algorithm>

namespace edgeopt::metrics {
namespace {

// How many of the recalls 0, step, 2 step ... `last` are at most `recall`. The products are
// rounded as numpy.linspace rounds them, for COCO's own implementation compares with those.
int64_t PointsUpTo(double recall, double step, int64_t last) {
  const auto point = [&](int64_t i) { return i == last ? 1.0 : static_cast<double>(i) * step; };
  int64_t count = std::min(static_cast<int64_t>(recall / step) + 1, last + 1);
  while (count > 0 && point(count - 1) > recall) --count;
  while (count <= last && point(count) <= recall) ++count;
  return count;
}

}  // namespace

PrecisionCurve::PrecisionCurve(std::span<const JudgedDetection> detections, size_t area,
                               size_t threshold) {
  for (size_t i = 0; i < detections.size(); ++i) {
    const bool hit = detections[i].hit[area] >> threshold & 1;
    const bool ignored = detections[i].ignored[area] >> threshold & 1;
    if (hit || ignored) events_.push_back({static_cast<uint32_t>(i), hit && !ignored});
  }
}

double PrecisionCurve::Average(std::span<const JudgedDetection> detections,
                               std::span<const uint32_t> weights, std::span<const double> seen,
                               double positives, Interpolation interpolation, double* recall) {
  points_.clear();
  double hits = 0, ignored = 0;
  for (const Event& event : events_) {
    const uint32_t weight = weights[detections[event.position].image];
    if (weight == 0) continue;
    (event.hit ? hits : ignored) += weight;
    if (event.hit) points_.push_back({hits, hits / (seen[event.position] - ignored)});
  }
  if (recall) *recall = hits / positives;

  // From the right: precision at a recall is the best precision at that recall or a higher one.
  const int64_t last = interpolation == Interpolation::kPoints11 ? 10 : 100;
  const double step = 1.0 / static_cast<double>(last);
  double sum = 0, best = 0;
  int64_t points_above = -1;  // points up to the recall of the next hit on the right
  for (size_t i = points_.size(); i-- > 0;) {
    best = std::max(best, points_[i].precision);
    const double before = i > 0 ? points_[i - 1].hits : 0;
    if (interpolation == Interpolation::kAll) {
      sum += best * (points_[i].hits - before) / positives;
      continue;
    }
    if (points_above < 0) points_above = PointsUpTo(points_[i].hits / positives, step, last);
    const int64_t points_below = i > 0 ? PointsUpTo(before / positives, step, last) : 0;
    sum += best * static_cast<double>(points_above - points_below);
    points_above = points_below;
  }
  return interpolation == Interpolation::kAll ? sum : sum / static_cast<double>(last + 1);
}

void RunningWeights(std::span<const JudgedDetection> detections, std::span<const uint32_t> weights,
                    std::vector<double>& seen) {
  seen.resize(detections.size());
  double sum = 0;
  for (size_t i = 0; i < detections.size(); ++i) seen[i] = sum += weights[detections[i].image];
}

void RankDetections(JudgedClasses& classes, std::span<const uint32_t> rank) {
  for (auto& [index, judged] : classes)
    std::stable_sort(judged.detections.begin(), judged.detections.end(),
                     [&](const JudgedDetection& a, const JudgedDetection& b) {
                       if (a.score != b.score) return a.score > b.score;
                       return rank[a.image] < rank[b.image];
                     });
}

}  // namespace edgeopt::metrics
