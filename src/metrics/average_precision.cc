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

PrecisionCurves::PrecisionCurves(std::span<const JudgedDetection> detections, size_t area,
                                 size_t thresholds)
    : outcomes_(thresholds) {
  for (size_t i = 0; i < detections.size(); ++i) {
    const JudgedDetection& detection = detections[i];
    const unsigned happens = detection.hit[area] | detection.ignored[area];
    if (happens == 0) continue;
    const auto event = static_cast<uint32_t>(events_.size());
    events_.push_back(static_cast<uint32_t>(i));
    for (size_t t = 0; t < thresholds; ++t) {
      if ((happens >> t & 1) == 0) continue;
      const bool ignored = detection.ignored[area] >> t & 1;
      outcomes_[t].push_back({detection.image, event, ignored ? 0u : 1u});
    }
  }
  if (!events_.empty())
    for (size_t i = 0; i <= events_.back(); ++i) images_.push_back(detections[i].image);
  seen_.resize(events_.size());
  points_.resize(events_.size() + 1);
}

void PrecisionCurves::SumWeights(std::span<const uint32_t> weights) {
  uint64_t sum = 0;
  size_t next = 0;
  for (size_t e = 0; e < events_.size(); ++e) {
    for (; next <= events_[e]; ++next) sum += weights[images_[next]];
    seen_[e] = static_cast<double>(sum);
  }
}

void PrecisionCurves::Average(std::span<const uint32_t> weights, double positives,
                              Interpolation interpolation, std::span<double> precision,
                              std::span<double> recall) {
  SumWeights(weights);
  for (size_t t = 0; t < outcomes_.size(); ++t) {
    double hits = 0, ignored = 0;
    size_t points = 0;
    for (const Outcome& outcome : outcomes_[t]) {
      const uint32_t weight = weights[outcome.image];
      hits += outcome.hit ? weight : 0;
      ignored += outcome.hit ? 0 : weight;
      // Written always, kept for a hit that is in the draw: quicker than a branch on chance.
      points_[points] = {hits, seen_[outcome.event] - ignored};
      points += outcome.hit && weight != 0;
    }
    precision[t] += Integrate(positives, interpolation, points);
    if (!recall.empty()) recall[t] += hits / positives;
  }
}

// From the right: precision at a recall is the best precision at that recall or a higher one. Work
// is done only where that envelope rises; it is compared as products, which are exact.
double PrecisionCurves::Integrate(double positives, Interpolation interpolation,
                                  size_t points) const {
  const int64_t last = interpolation == Interpolation::kPoints11 ? 10 : 100;
  const double step = 1.0 / static_cast<double>(last);
  const auto measure = [&](double hits) {  // of the recalls from 0 to this one
    const double recall = hits / positives;
    if (interpolation == Interpolation::kAll) return recall;
    return static_cast<double>(PointsUpTo(recall, step, last)) / static_cast<double>(last + 1);
  };
  double sum = 0, right = 0;
  Point best{0, 1};
  for (size_t i = points; i-- > 0;) {
    const Point& point = points_[i];
    if (point.hits * best.counted <= best.hits * point.counted) continue;
    const double here = measure(point.hits);
    sum += best.hits / best.counted * (right - here);
    right = here;
    best = point;
  }
  return sum + best.hits / best.counted * right;
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
