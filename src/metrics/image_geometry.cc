#include "metrics/image_geometry.h"

#include <charconv>
#include <cmath>

#include "metrics/inputs.h"

namespace edgeopt::metrics {

Result<std::optional<ImageSize>> InputSize(const Parameters& parameters) {
  if (!parameters.Has("input_size")) return std::optional<ImageSize>();
  const std::string text = parameters.Text("input_size");
  const char* const end = text.data() + text.size();
  ImageSize size{};
  const auto height = std::from_chars(text.data(), end, size.height);
  const bool separated = height.ec == std::errc() && height.ptr != end && *height.ptr == 'x';
  const auto width = std::from_chars(separated ? height.ptr + 1 : end, end, size.width);
  if (width.ec != std::errc() || width.ptr != end || size.height < 1 || size.width < 1)
    return parameters.Wrong("input_size", "give HEIGHTxWIDTH in pixels, for example 320x320");
  return std::optional(size);
}

Result<ImageSize> OriginalSize(const Observation& observation, int64_t sample) {
  EDGEOPT_TRY(const ir::Tensor* target, NeedTarget(observation, "image_size", sample));
  EDGEOPT_TRY(const auto size, Integers(*target, 2, sample));
  if (size[0] < 1 || size[1] < 1)
    return BadInput(Describe("target", *target, sample) + " is " + std::to_string(size[0]) + " x " +
                    std::to_string(size[1]) + " pixels");
  return ImageSize{size[0], size[1]};
}

Result<std::optional<ImageTransform>> TransformOf(const Observation& observation, int64_t sample) {
  const ir::Tensor* target = FindTarget(observation, "image_transform");
  if (!target) return std::optional<ImageTransform>();
  EDGEOPT_TRY(const auto values, Numbers(*target, "target", sample));
  if (values.size() != 4 || !(values[0] > 0) || !(values[1] > 0) || std::isinf(values[0]) ||
      std::isinf(values[1]) || std::isinf(values[2]) || std::isinf(values[3]))
    return BadInput(Describe("target", *target, sample) +
                    " is not scale_x, scale_y (above 0), offset_x, offset_y");
  return std::optional(ImageTransform{values[0], values[1], values[2], values[3]});
}

}  // namespace edgeopt::metrics
