// Detections and true objects of one image, in pixels of the original image.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/decoder.h"
#include "metrics/image_geometry.h"

namespace edgeopt::metrics {

struct Object {
  Box box;
  int64_t class_index = 0;
  bool crowd = false, difficult = false;
  double area = 0;
};

// Targets "boxes", "classes" and, where given, "crowd", "difficult", "area".
Result<std::vector<Object>> ReadObjects(const Observation& observation, int64_t sample);

// Parameters:
//   decoder          which family of detector; no default
//   score_threshold  lower scores are dropped (default 0.001: precision at high recall needs them)
//   nms              true or false: suppress overlapping boxes (default: the decoder's)
//   nms_iou          overlap from which on (default: the decoder's)
//   max_detections   kept per image (default: the decoder's)
//   class_offset     added to the model's class indices to get the data set's (default 0)
//   class_ids        the data set's class of each of the model's, between commas, instead
// and those of the decoder. Boxes are brought back by "image_transform" and clipped to
// "image_size". A sample without "image_transform" counts as stretched to the model's input, which
// shares of its width and height survive; boxes in pixels need the target.
class DetectionReader {
 public:
  // `own` are further parameters of the metric.
  static Result<DetectionReader> Make(std::string_view owner, const MetricOptions& options,
                                      std::vector<std::string_view> own, Parameters& parameters);
  // By falling score.
  Result<std::vector<Detection>> Read(const Observation& observation, int64_t sample) const;

 private:
  DetectionReader() = default;
  Status ToOriginal(const Observation& observation, int64_t sample,
                    std::vector<Detection>& detections) const;
  Status MapClasses(int64_t sample, std::vector<Detection>& detections) const;

  std::unique_ptr<Decoder> decoder_;
  std::string decoder_name_;
  float score_threshold_ = 0, suppress_iou_ = 0;
  bool suppress_ = false;
  size_t max_detections_ = 0;
  int64_t class_offset_ = 0;
  std::vector<double> class_ids_;
  std::optional<ImageSize> input_size_;
};

}  // namespace edgeopt::metrics
