// Non-maximum suppression with torchvision's meaning (torchvision.ops.batched_nms): per class, by
// falling score, a box goes when a kept one overlaps it by more than the threshold.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/decoder.h"

namespace edgeopt::metrics {

// What is kept, by falling score (equal ones in the order they came), at most `max_kept`.
std::vector<Detection> Suppress(std::vector<Detection> candidates, float iou_threshold,
                                size_t max_kept);
// By falling score, equal ones in the order they came, cut to `max_kept`.
void KeepBest(std::vector<Detection>& detections, size_t max_kept);

}  // namespace edgeopt::metrics
