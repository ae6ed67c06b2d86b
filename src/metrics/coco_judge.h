// Which detections of one image hit which objects, by COCO's rules (pycocotools/cocoeval.py,
// evaluateImg): by falling score each detection takes the free object of its class that it
// overlaps most; crowds and objects outside the range of areas can be taken without counting.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "metrics/average_precision.h"
#include "metrics/detections.h"

namespace edgeopt::metrics {

inline constexpr size_t kCocoThresholds = 10;      // overlaps 0.5, 0.55 ... 0.95
inline constexpr size_t kCocoMaxDetections = 100;  // per image and class
// Object areas in pixels, ends included.
struct AreaRange {
  const char* name;
  double low, high;
};
inline constexpr std::array<AreaRange, kMaxAreas> kCocoAreas = {{{"all", 0, 1e10},
                                                                 {"small", 0, 32 * 32},
                                                                 {"medium", 32 * 32, 96 * 96},
                                                                 {"large", 96 * 96, 1e10}}};

// `detections` are by falling score. Adds to `classes` what image `image` gives.
void JudgeAsCoco(const std::vector<Detection>& detections, const std::vector<Object>& objects,
                 uint32_t image, JudgedClasses& classes);

}  // namespace edgeopt::metrics
