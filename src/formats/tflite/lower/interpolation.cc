#include "formats/tflite/lower/interpolation.h"

#include <algorithm>
#include <cmath>

namespace edgeopt::formats::tflite::lower {
namespace {

constexpr size_t kRoiInput = 1, kScalesInput = 2, kSizesInput = 3;

// Weights of neighbouring elements; the first lies at `first`.
struct Taps {
  int64_t first = 0;
  std::vector<double> weights;
};

double Source(const Resampling& sampling, const ResizedAxis& axis, double place) {
  const std::string& mode = sampling.coordinates;
  const auto in = static_cast<double>(axis.in);
  const double out = axis.scale * in;
  if (mode == "align_corners") return out == 1 ? 0 : place * (in - 1) / (out - 1);
  if (mode == "asymmetric") return place / axis.scale;
  if (mode == "tf_crop_and_resize") {
    const double length = (axis.end - axis.begin) * (in - 1);
    return axis.begin * (in - 1) + (out == 1 ? length / 2 : place * length / (out - 1));
  }
  if (mode == "pytorch_half_pixel" && out == 1) return 0;
  const double half_pixel = (place + 0.5) / axis.scale - 0.5;
  if (mode != "half_pixel_symmetric") return half_pixel;
  return in / 2 * (1 - static_cast<double>(axis.out) / out) + half_pixel;
}

// Cubic convolution (Keys 1981, equation 4) with the free coefficient `a`.
double Cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

double Rounded(const std::string& rounding, double place) {
  const double below = std::floor(place), fraction = place - below;
  if (fraction == 0 || rounding == "floor") return below;
  if (rounding == "ceil") return below + 1;
  return fraction > 0.5 || (fraction == 0.5 && rounding == "round_prefer_ceil") ? below + 1 : below;
}

// With antialias the filter is as much wider as the output is smaller.
Taps TapsAt(const Resampling& sampling, double scale, double place) {
  if (sampling.mode == "nearest")
    return {static_cast<int64_t>(Rounded(sampling.rounding, place)), {1}};
  const bool cubic = sampling.mode == "cubic";
  const double width = sampling.antialias ? std::min(scale, 1.0) : 1, radius = cubic ? 2 : 1;
  // The element at or before the place, exclusive: ONNX takes fractions from (0, 1].
  const double base = std::ceil(place) - 1;
  const auto before = static_cast<int64_t>(std::floor(-radius / width)) + 1;
  Taps taps{static_cast<int64_t>(base) + before, {}};
  double sum = 0;
  for (int64_t i = before; i < 2 - before; ++i) {
    const double distance = width * (base + static_cast<double>(i) - place);
    taps.weights.push_back(cubic ? Cubic(distance, sampling.cubic_coefficient)
                                 : std::max(0.0, 1 - std::fabs(distance)));
    sum += taps.weights.back();
  }
  for (double& weight : taps.weights) weight /= sum;
  return taps;
}

void DropOutside(Taps& taps, int64_t size) {
  double sum = 0;
  for (size_t i = 0; i < taps.weights.size(); ++i) {
    const int64_t index = taps.first + static_cast<int64_t>(i);
    if (index < 0 || index >= size) taps.weights[i] = 0;
    sum += taps.weights[i];
  }
  for (double& weight : taps.weights) weight /= sum;
}

// ONNX's axis in the channels-last data.
int64_t PositionOf(int64_t axis, int64_t rank) {
  if (axis == 0) return axis;
  return axis == 1 ? rank - 1 : axis - 1;
}

Result<ResizedAxis> SizesOf(const NodeLowering& node, int64_t name) {
  const int64_t rank = node.InRank();
  EDGEOPT_TRY(const int64_t axis, node.Axis(name, rank));
  ResizedAxis resized{PositionOf(axis, rank)};
  const auto in = node.InDim(0, resized.axis);
  const auto out = (*node.OutType().shape)[static_cast<size_t>(resized.axis)].value;
  if (!in || !out) return resized;
  if (*in < 1 || *out < 1)
    return BadInput("it resizes from " + std::to_string(*in) + " to " + std::to_string(*out) +
                    " elements");
  resized.in = *in;
  resized.out = *out;
  resized.scale = static_cast<double>(*out) / static_cast<double>(*in);
  return resized;
}

// Batch and channels, of any size, stay.
Status CheckKnown(const NodeLowering& node, const std::vector<ResizedAxis>& axes) {
  for (const ResizedAxis& axis : axes) {
    const bool spatial = axis.axis != 0 && axis.axis != node.InRank() - 1;
    if (axis.in == 0 && (spatial || axis.scale != 1))
      return node.Unsupported("a size that is known at run time only",
                              "fix the sizes of the model's inputs with --shape");
  }
  return OkStatus();
}

Status ReadScales(const NodeLowering& node, std::vector<ResizedAxis>& axes) {
  if (node.has_input(kSizesInput)) {
    const std::string policy = node.node().StringOr("keep_aspect_ratio_policy", "stretch");
    if (policy == "stretch") return OkStatus();
    EDGEOPT_TRY(const auto sizes, node.IntsIn(kSizesInput));
    if (sizes.size() != axes.size()) return BadInput("its sizes do not fit its axes");
    std::vector<double> scales;
    for (size_t i = 0; i < axes.size(); ++i) {
      if (axes[i].in == 0) return CheckKnown(node, axes);
      scales.push_back(static_cast<double>(sizes[i]) / static_cast<double>(axes[i].in));
    }
    const auto [least, most] = std::ranges::minmax(scales);
    for (ResizedAxis& axis : axes) axis.scale = policy == "not_larger" ? least : most;
    return OkStatus();
  }
  const auto given = node.ConstantIn(kScalesInput);
  if (!given) return node.Unsupported("scales computed at run time", "give them as a constant");
  EDGEOPT_TRY(const auto scales, given->ToDoubles());
  if (scales.size() != axes.size()) return BadInput("its scales do not fit its axes");
  for (size_t i = 0; i < axes.size(); ++i) axes[i].scale = scales[i];
  return OkStatus();
}

Status ReadRegion(const NodeLowering& node, std::vector<ResizedAxis>& axes) {
  if (node.node().StringOr("coordinate_transformation_mode", "") != "tf_crop_and_resize")
    return OkStatus();
  const auto given = node.has_input(kRoiInput) ? node.ConstantIn(kRoiInput) : std::nullopt;
  if (!given)
    return node.Unsupported("a region of interest computed at run time", "give it as a constant");
  EDGEOPT_TRY(const auto region, given->ToDoubles());
  if (region.size() != 2 * axes.size()) return BadInput("its region does not fit its axes");
  for (size_t i = 0; i < axes.size(); ++i) {
    axes[i].begin = region[i];
    axes[i].end = region[axes.size() + i];
  }
  return OkStatus();
}

}  // namespace

Resampling ResamplingOf(const ir::Node& node) {
  Resampling sampling;
  sampling.mode = node.StringOr("mode", "nearest");
  sampling.coordinates = node.StringOr("coordinate_transformation_mode", "half_pixel");
  sampling.rounding = node.StringOr("nearest_mode", "round_prefer_floor");
  sampling.cubic_coefficient = node.FloatOr("cubic_coeff_a", -0.75f);
  sampling.exclude_outside = node.IntOr("exclude_outside", 0) != 0;
  sampling.antialias = node.IntOr("antialias", 0) != 0;
  sampling.extrapolated = node.FloatOr("extrapolation_value", 0);
  return sampling;
}

Result<std::vector<ResizedAxis>> ResizedAxesOf(const NodeLowering& node) {
  std::vector<int64_t> named = node.node().IntsOr("axes", {});
  for (int64_t axis = 0; !node.node().FindAttribute("axes") && axis < node.InRank(); ++axis)
    named.push_back(axis);
  std::vector<ResizedAxis> axes;
  for (const int64_t name : named) {
    EDGEOPT_TRY(const ResizedAxis axis, SizesOf(node, name));
    axes.push_back(axis);
  }
  EDGEOPT_CHECK_OK(ReadScales(node, axes));
  EDGEOPT_CHECK_OK(ReadRegion(node, axes));
  EDGEOPT_CHECK_OK(CheckKnown(node, axes));
  return axes;
}

std::vector<int32_t> NearestOf(const Resampling& sampling, const ResizedAxis& axis) {
  std::vector<int32_t> indices;
  for (int64_t row = 0; row < axis.out; ++row) {
    const double place = Source(sampling, axis, static_cast<double>(row));
    indices.push_back(static_cast<int32_t>(
        std::clamp(Rounded(sampling.rounding, place), 0.0, static_cast<double>(axis.in - 1))));
  }
  return indices;
}

AxisWeights WeightsOf(const Resampling& sampling, const ResizedAxis& axis) {
  AxisWeights result;
  result.weights.assign(static_cast<size_t>(axis.in * axis.out), 0);
  result.outside.assign(static_cast<size_t>(axis.out), false);
  for (int64_t row = 0; row < axis.out; ++row) {
    const double place = Source(sampling, axis, static_cast<double>(row));
    if (sampling.coordinates == "tf_crop_and_resize" &&
        (place < 0 || place > static_cast<double>(axis.in - 1))) {
      result.outside[static_cast<size_t>(row)] = true;
      continue;
    }
    Taps taps = TapsAt(sampling, axis.scale, place);
    if (sampling.exclude_outside) DropOutside(taps, axis.in);
    for (size_t i = 0; i < taps.weights.size(); ++i) {
      // Beyond the edge the edge goes on.
      const int64_t index =
          std::clamp<int64_t>(taps.first + static_cast<int64_t>(i), 0, axis.in - 1);
      result.weights[static_cast<size_t>(row * axis.in + index)] +=
          static_cast<float>(taps.weights[i]);
    }
  }
  return result;
}

}  // namespace edgeopt::formats::tflite::lower
