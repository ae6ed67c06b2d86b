#include "metrics/segmentation.h"

#include <algorithm>
#include <cmath>

#include "metrics/classification.h"
#include "metrics/inputs.h"

namespace edgeopt::metrics {
namespace {

// Along one axis: coordinate in the output = coordinate in the mask * scale + offset, both measured
// from the edge; what falls outside [0, size) was not seen.
struct AxisMap {
  double scale, offset;
  int64_t size;

  double At(int64_t mask_pixel) const {
    return (static_cast<double>(mask_pixel) + 0.5) * scale + offset;
  }
  bool Sees(double position) const { return position >= 0 && position < static_cast<double>(size); }
};

// The two pixels beside a position and the second one's weight; the border repeats.
struct Tap {
  int64_t first, second;
  float weight;
};
Tap TapAt(const AxisMap& axis, double position) {
  const double centred = std::clamp(position - 0.5, 0.0, static_cast<double>(axis.size - 1));
  const auto first = static_cast<int64_t>(centred);
  return {first, std::min(first + 1, axis.size - 1),
          static_cast<float>(centred - static_cast<double>(first))};
}

// An output as a grid of pixels; strides in elements.
struct Grid {
  ImageSize size;
  int64_t channels;
  int64_t pixel_stride, row_stride, channel_stride;
};

struct Maps {
  AxisMap x, y;
};
Result<Maps> MapToOutput(const Observation& observation, ImageSize mask, ImageSize output,
                         std::optional<ImageSize> input_size, int64_t sample) {
  const auto ratio = [](int64_t to, int64_t from) {
    return static_cast<double>(to) / static_cast<double>(from);
  };
  const Maps whole{{ratio(output.width, mask.width), 0, output.width},
                   {ratio(output.height, mask.height), 0, output.height}};
  EDGEOPT_TRY(const auto transform, TransformOf(observation, sample));
  if (!transform || !FindTarget(observation, "image_size")) return whole;
  EDGEOPT_TRY(const ImageSize original, OriginalSize(observation, sample));
  if (mask != original) return whole;  // the mask was transformed with the image
  if (!input_size) {
    if (transform->offset_x == 0 && transform->offset_y == 0) return whole;
    return UsageError("sample " + std::to_string(sample) +
                          " was letterboxed or cropped, and the size of the model's input is not "
                          "known",
                      "give the parameter 'input_size', for example 512x512");
  }
  const double x = ratio(output.width, input_size->width),
               y = ratio(output.height, input_size->height);
  return Maps{{transform->scale_x * x, transform->offset_x * x, output.width},
              {transform->scale_y * y, transform->offset_y * y, output.height}};
}

}  // namespace

Result<PixelReader> PixelReader::Make(const Parameters& parameters) {
  PixelReader reader;
  reader.output_ = parameters.Text("output");
  EDGEOPT_TRY(const std::string layout,
              parameters.Choice("layout", {"channels-first", "channels-last"}));
  reader.channels_last_ = layout == "channels-last";
  reader.has_threshold_ = parameters.Has("threshold");
  EDGEOPT_TRY(const double threshold, parameters.Number("threshold", 0.5, -1e30, 1e30));
  reader.threshold_ = static_cast<float>(threshold);
  EDGEOPT_TRY(reader.input_size_, InputSize(parameters));
  return reader;
}

Result<PixelReader::Pixels> PixelReader::Read(const Observation& observation, ImageSize mask,
                                              int64_t sample) const {
  EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_, sample));
  const bool holds_classes =
      ir::IsInteger(output->type()) && !has_threshold_ && Squeezed(output->dims()).size() <= 2;
  ir::Dims dims = output->dims();
  while (dims.size() > (holds_classes ? 2u : 3u) && dims[0] == 1) dims.erase(dims.begin());
  if (holds_classes && dims.size() == 3 && dims[2] == 1) dims.pop_back();
  if (dims.size() != (holds_classes ? 2u : 3u) || output->size() == 0)
    return BadInput(Describe("output", *output, sample) + " has shape " +
                    ir::ToString(output->dims()) + "; expected " +
                    (holds_classes    ? "[H, W]"
                     : channels_last_ ? "[H, W, C]"
                                      : "[C, H, W]"));
  Grid grid{};
  if (holds_classes) {
    grid = {{dims[0], dims[1]}, 1, 1, dims[1], 0};
  } else if (channels_last_) {
    grid = {{dims[0], dims[1]}, dims[2], dims[2], dims[1] * dims[2], 1};
  } else {
    grid = {{dims[1], dims[2]}, dims[0], 1, dims[2], dims[1] * dims[2]};
  }
  if (!holds_classes && grid.channels == 1 && !has_threshold_)
    return BadInput(Describe("output", *output, sample) + " has one channel",
                    "give the parameter 'threshold'");
  EDGEOPT_TRY(const Maps maps, MapToOutput(observation, mask, grid.size, input_size_, sample));
  EDGEOPT_TRY(const auto values, Numbers(*output, "output", sample));

  Pixels pixels{std::vector<int64_t>(static_cast<size_t>(mask.height * mask.width), kUnseen),
                holds_classes ? 0 : std::max<int64_t>(grid.channels, 2), output->name};
  std::vector<float> scores(static_cast<size_t>(grid.channels));
  for (int64_t row = 0; row < mask.height; ++row) {
    const double y = maps.y.At(row);
    const Tap vertical = TapAt(maps.y, y);
    for (int64_t column = 0; column < mask.width; ++column) {
      const double x = maps.x.At(column);
      if (!maps.y.Sees(y) || !maps.x.Sees(x)) continue;
      int64_t& pixel = pixels.classes[static_cast<size_t>(row * mask.width + column)];
      if (holds_classes) {
        pixel = static_cast<int64_t>(values[static_cast<size_t>(
            static_cast<int64_t>(y) * grid.row_stride + static_cast<int64_t>(x))]);
        continue;
      }
      const Tap horizontal = TapAt(maps.x, x);
      const float* const upper = values.data() + vertical.first * grid.row_stride;
      const float* const lower = values.data() + vertical.second * grid.row_stride;
      const int64_t left = horizontal.first * grid.pixel_stride,
                    right = horizontal.second * grid.pixel_stride;
      for (int64_t c = 0; c < grid.channels; ++c) {
        const int64_t at = c * grid.channel_stride;
        const float above =
            upper[at + left] + horizontal.weight * (upper[at + right] - upper[at + left]);
        const float below =
            lower[at + left] + horizontal.weight * (lower[at + right] - lower[at + left]);
        scores[static_cast<size_t>(c)] = above + vertical.weight * (below - above);
      }
      pixel = grid.channels == 1 ? scores[0] > threshold_ : ArgMax(scores);
    }
  }
  return pixels;
}

}  // namespace edgeopt::metrics
