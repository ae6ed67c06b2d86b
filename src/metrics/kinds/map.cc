// COCO's mean average precision, AP@[.5:.95]: 101 points of recall, 10 overlaps, at most 100
// detections per image and class, as pycocotools computes it. Parameters: those of
// metrics/detections.h. Details: "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar100" and
// "class/N" (AP@[.5:.95] of each class).
#include <numeric>

#include "metrics/coco_judge.h"
#include "metrics/mean_average_precision.h"

namespace edgeopt::metrics {
namespace {

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

class CocoMap : public MeanAveragePrecision {
 public:
  explicit CocoMap(DetectionReader reader)
      : MeanAveragePrecision(std::move(reader), Interpolation::kPoints101, kCocoThresholds) {}

  Result<Score> Finish() override {
    EDGEOPT_TRY(Score score, MeanAveragePrecision::Finish());
    for (size_t area = 0; area < kMaxAreas; ++area) {
      const Means means = MeansOf(area);
      if (means.precision.empty()) continue;  // no object of that size: undefined
      if (area == 0) {
        score.details["ap50"] = means.precision[0];
        score.details["ap75"] = means.precision[5];
        score.details["ar100"] = Mean(means.recall);
      } else {
        score.details[std::string("ap_") + kCocoAreas[area].name] = Mean(means.precision);
      }
    }
    return score;
  }

 private:
  void Judge(const std::vector<Detection>& detections, const std::vector<Object>& objects,
             uint32_t image, JudgedClasses& classes) const override {
    JudgeAsCoco(detections, objects, image, classes);
  }
};

Result<std::unique_ptr<Metric>> MakeMap(const MetricOptions& options) {
  Parameters parameters;
  EDGEOPT_TRY(DetectionReader reader, DetectionReader::Make("map", options, {}, parameters));
  return std::unique_ptr<Metric>(new CocoMap(std::move(reader)));
}

}  // namespace

MetricInfo map() {
  return {"map", "COCO's mean average precision of detections, AP@[.5:.95]", true, MakeMap};
}

}  // namespace edgeopt::metrics
