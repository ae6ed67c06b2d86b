#include "metrics/nms.h"

#include <algorithm>
#include <unordered_map>

namespace edgeopt::metrics {

float Overlap(const Box& a, const Box& b) {
  const float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (!(width > 0 && height > 0)) return 0;
  const float both = width * height;
  return both / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both);
}

void KeepBest(std::vector<Detection>& detections, size_t max_kept) {
  std::stable_sort(detections.begin(), detections.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  if (detections.size() > max_kept) detections.resize(max_kept);
}

std::vector<Detection> Suppress(std::vector<Detection> candidates, float iou_threshold,
                                size_t max_kept) {
  KeepBest(candidates, candidates.size());
  std::vector<Detection> kept;
  std::unordered_map<int64_t, std::vector<Box>> kept_of_class;
  for (const Detection& candidate : candidates) {
    if (kept.size() >= max_kept) break;
    std::vector<Box>& boxes = kept_of_class[candidate.class_index];
    const bool covered = std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
      return Overlap(box, candidate.box) > iou_threshold;
    });
    if (covered) continue;
    boxes.push_back(candidate.box);
    kept.push_back(candidate);
  }
  return kept;
}

}  // namespace edgeopt::metrics
