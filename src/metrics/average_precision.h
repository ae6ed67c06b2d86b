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

// One class, one range of areas, one threshold: what of the ranked detections matters. Between two
// events detections only add false positives, and those are counted once for all thresholds.
class PrecisionCurve {
 public:
  // `detections` are by falling score.
  PrecisionCurve(std::span<const JudgedDetection> detections, size_t area, size_t threshold);

  // `weights` says how often each image counts. `seen` is the running sum of the weights of the
  // detections up to and with each. `positives` > 0 is the weighted number of objects.
  // `recall`, if not null, becomes the share of them that is found at all.
  double Average(std::span<const JudgedDetection> detections, std::span<const uint32_t> weights,
                 std::span<const double> seen, double positives, Interpolation interpolation,
                 double* recall = nullptr);

 private:
  struct Event {
    uint32_t position;
    bool hit;  // else ignored
  };
  struct Point {
    double hits, precision;
  };
  std::vector<Event> events_;
  std::vector<Point> points_;  // scratch of Average()
};

// Running sums of the weights of the detections' images.
void RunningWeights(std::span<const JudgedDetection> detections, std::span<const uint32_t> weights,
                    std::vector<double>& seen);

// Sorts all detections by falling score, equal ones by `rank` of their image, then as they came.
void RankDetections(JudgedClasses& classes, std::span<const uint32_t> rank);

}  // namespace edgeopt::metrics
