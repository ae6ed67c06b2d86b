// How a model's image input relates to the original image: what preprocessing did, taken out of an
// Observation's targets, and undone.
#pragma once

#include <cstdint>
#include <optional>

#include "metrics/metric.h"
#include "metrics/parameters.h"

namespace edgeopt::metrics {

struct ImageSize {
  int64_t height, width;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

// model = original * scale + offset, both measured from the image's upper left corner.
struct ImageTransform {
  double scale_x = 1, scale_y = 1, offset_x = 0, offset_y = 0;
};

// The parameter "input_size"; nullopt when it is not given.
Result<std::optional<ImageSize>> InputSize(const Parameters& parameters);
// The target "image_size"; BadInput when it is missing or not positive.
Result<ImageSize> OriginalSize(const Observation& observation, int64_t sample);
// The target "image_transform"; nullopt when there is none. BadInput for a scale that is not
// positive.
Result<std::optional<ImageTransform>> TransformOf(const Observation& observation, int64_t sample);

}  // namespace edgeopt::metrics
