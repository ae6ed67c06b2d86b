// What the mAP metrics of COCO and VOC share: reading images, ranking, averaging over classes and
// thresholds, bootstrap over images.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/average_precision.h"
#include "metrics/detections.h"

namespace edgeopt::metrics {

class MeanAveragePrecision : public Metric {
 public:
  Status Update(const Observation& observation) final;
  // Details: "class/N". Derived classes add theirs.
  Result<Score> Finish() override;

 protected:
  MeanAveragePrecision(DetectionReader reader, Interpolation interpolation, size_t thresholds)
      : reader_(std::move(reader)), interpolation_(interpolation), thresholds_(thresholds) {}

  // Adds what one image gives to `classes`.
  virtual void Judge(const std::vector<Detection>& detections, const std::vector<Object>& objects,
                     uint32_t image, JudgedClasses& classes) const = 0;

  // Per threshold, the mean over the classes that have objects in that range of areas; empty when
  // none has. After MeanAveragePrecision::Finish(), which ranks the detections.
  struct Means {
    std::vector<double> precision, recall;
  };
  Means MeansOf(size_t area) const;

 private:
  std::vector<uint32_t> RankOfImages() const;

  DetectionReader reader_;
  Interpolation interpolation_;
  size_t thresholds_;
  JudgedClasses classes_;
  std::vector<std::optional<int64_t>> image_ids_;
};

}  // namespace edgeopt::metrics
