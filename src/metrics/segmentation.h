// From a segmentation model's output to one class per pixel of the mask that it is judged by.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "metrics/image_geometry.h"
#include "metrics/metric.h"
#include "metrics/parameters.h"

namespace edgeopt::metrics {

// Parameters:
//   layout     channels-first (default, scores [C, H, W]) or channels-last ([H, W, C])
//   threshold  for scores with one channel: class 1 where the value is above it, else 0
// An output of an integer type, [H, W], holds the classes themselves if there is no threshold.
// Where output and mask differ in size, scores are interpolated bilinearly (half-pixel centres, as
// PyTorch's align_corners=False), classes are taken from the nearest pixel. A mask of the original
// image's size is reached through "image_transform"; letterboxes and crops need "input_size".
class PixelReader {
 public:
  // Preprocessing cropped this pixel away.
  static constexpr int64_t kUnseen = std::numeric_limits<int64_t>::min();
  static std::vector<std::string_view> KnownParameters() { return {"layout", "threshold"}; }
  static Result<PixelReader> Make(const Parameters& parameters);

  struct Pixels {
    std::vector<int64_t> classes;  // [mask.height, mask.width]
    int64_t class_count;           // of the scores; 0 when the output holds classes
    std::string output;            // its name
  };
  Result<Pixels> Read(const Observation& observation, ImageSize mask, int64_t sample) const;

 private:
  PixelReader() = default;
  std::string output_;
  bool channels_last_ = false, has_threshold_ = false;
  float threshold_ = 0;
  std::optional<ImageSize> input_size_;
};

}  // namespace edgeopt::metrics
