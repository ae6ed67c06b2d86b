// What a detection decoder is: it turns the raw outputs of one family of detectors into candidate
// boxes. One decoder per file in decoders/, found by the build. Thresholds, non-maximum
// suppression and the way back to the original image are common (metrics/detections.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/metric.h"
#include "metrics/parameters.h"

namespace edgeopt::metrics {

struct Box {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

struct Detection {
  Box box;
  float score = 0;
  int64_t class_index = 0;
};

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Appends what scores above `threshold`, in pixels of the model's input or, where `normalized`,
  // as shares of its width and height. `sample` is for messages.
  virtual Status Decode(const Observation& observation, int64_t sample, float threshold,
                        std::vector<Detection>& candidates) const = 0;
  virtual bool normalized() const = 0;
};

struct DecoderInfo {
  std::string_view name, summary;
  std::span<const std::string_view> parameters;  // that it has beside the common ones
  bool suppress;           // the model has no non-maximum suppression of its own
  double suppress_iou;     // default overlap; the family's own evaluation's
  int64_t max_detections;  // likewise
  Result<std::unique_ptr<Decoder>> (*make)(const Parameters& parameters);
};

namespace decoders {
// All decoders, sorted by name; generated from the files of src/metrics/decoders/.
std::span<const DecoderInfo> Table();
}  // namespace decoders

// Intersection over union; 0 for boxes that don't overlap or have no area.
float Overlap(const Box& a, const Box& b);

}  // namespace edgeopt::metrics
