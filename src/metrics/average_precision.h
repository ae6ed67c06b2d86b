// Average precision from judged detections: which of them hit, over all images, by falling score.
// COCO and VOC judge differently (coco_judge.h, kinds/map_voc.cc) and share this.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace edgeopt::metrics {

inline constexpr size_t kMaxAreas = 4;

// Bit t of a field is for overlap threshold t. Neither hit nor ignored: a false positive.
struct JudgedDetection {
  float score;
  uint32_t image;
  std::array<uint16_t, kMaxAreas> hit{}, ignored{};  // by range of areas
};

struct JudgedClass {
  std::vector<JudgedDetection> detections;
  std::array<int64_t, kMaxAreas> positives{};  // objects to be found, by range of areas
  std::vector<std::pair<uint32_t, uint32_t>> positives_of_images;  // image, objects of range 0
};
using JudgedClasses = std::map<int64_t, JudgedClass>;

// How precision p(r), made monotonic from the right, is averaged over recall.
enum class Interpolation {
  kPoints101,  // COCO: at r = 0, 0.01 ... 1
  kPoints11,   // VOC 2007: at r = 0, 0.1 ... 1
  kAll,        // VOC 2010 and later: the area below it
};

// One class and one range of areas: what of the ranked detections matters, at all thresholds. A
// detection that hits or is ignored at some threshold is an event; the others only add false
// positives, and those are counted once for all thresholds.
class PrecisionCurves {
 public:
  // `detections` are by falling score.
  PrecisionCurves(std::span<const JudgedDetection> detections, size_t area, size_t thresholds);

  // Adds to `precision` the average precision at each threshold and, if not empty, to `recall` the
  // share of objects that is found at all. `weights` says how often each image counts,
  // `positives` > 0 is the number of objects so weighted.
  void Average(std::span<const uint32_t> weights, double positives, Interpolation interpolation,
               std::span<double> precision, std::span<double> recall);

 private:
  struct Outcome {
    uint32_t image;
    uint32_t event : 31, hit : 1;  // no hit: ignored
  };
  struct Point {
    double hits, counted;  // precision = hits / counted
  };
  void SumWeights(std::span<const uint32_t> weights);
  double Integrate(double positives, Interpolation interpolation, size_t points) const;

  std::vector<uint32_t> images_;                // of the detections up to the last event
  std::vector<uint32_t> events_;                // positions among the detections, ascending
  std::vector<std::vector<Outcome>> outcomes_;  // by threshold
  std::vector<double> seen_;                    // scratch: weight up to and with each event
  std::vector<Point> points_;                   // scratch: one per hit
};

// Sorts all detections by falling score, equal ones by `rank` of their image, then as they came.
void RankDetections(JudgedClasses& classes, std::span<const uint32_t> rank);

}  // namespace edgeopt::metrics
