// Resizing with Pillow's results, bit for bit (8-bit images).
//
// Maths: out(x) = sum over i of w(i) in(i), w(i) = f((i + 0.5 - c) / s) normalized to sum 1, with
// c = (x + 0.5) * scale the center in the source, s = max(scale, 1), so that a filter f of radius r
// covers s * r source pixels on either side. Horizontal first, then vertical, each pass rounded to
// 8 bits. Numerics: weights in fixed point with 22 fraction bits (32 less 8 for the pixel, less 2
// for weights beyond 1), rounded half away from zero. Source: the algorithm of Pillow's
// documentation ("Filters") and of its Resample.c, reproduced against its outputs.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "data/resize.h"

namespace edgeopt::data {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;

double Sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

// Weight at distance x from the center, and the radius beyond which it is 0.
double Weight(Filter filter, double x) {
  const double distance = std::abs(x);
  switch (filter) {
    case Filter::kBox:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::kBilinear:
      return distance < 1 ? 1 - distance : 0;
    case Filter::kBicubic: {
      constexpr double a = -0.5;  // R. Keys, IEEE Trans. ASSP 29 (1981) 1153
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
      return 0;
    }
    case Filter::kLanczos:
      return x >= -3 && x < 3 ? Sinc(x) * Sinc(x / 3) : 0;
    case Filter::kNearest:
    case Filter::kArea:
      break;
  }
  return 0;
}
double Radius(Filter filter) {
  switch (filter) {
    case Filter::kBox:
      return 0.5;
    case Filter::kBilinear:
      return 1;
    case Filter::kBicubic:
      return 2;
    default:
      return 3;
  }
}

// For each output position: the first source position and the fixed-point weights from there on.
struct Taps {
  std::vector<int> first, count;
  std::vector<int32_t> weights;  // `stride` per output position
  size_t stride = 0;
};

Taps MakeTaps(int in_size, int out_size, Filter filter) {
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = Radius(filter) * filter_scale;
  Taps taps;
  taps.stride = static_cast<size_t>(std::ceil(support)) * 2 + 1;
  taps.weights.resize(taps.stride * static_cast<size_t>(out_size));
  std::vector<double> exact(taps.stride);
  for (int x = 0; x < out_size; ++x) {
    const double center = (x + 0.5) * scale;
    // Pillow's own rounding. NOLINTBEGIN(bugprone-incorrect-roundings)
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), in_size);
    // NOLINTEND(bugprone-incorrect-roundings)
    double sum = 0;
    for (int i = first; i < last; ++i) {
      exact[static_cast<size_t>(i - first)] =
          Weight(filter, (i - center + 0.5) * (1.0 / filter_scale));
      sum += exact[static_cast<size_t>(i - first)];
    }
    int32_t* weights = &taps.weights[taps.stride * static_cast<size_t>(x)];
    for (int i = 0; i < last - first; ++i) {
      const double weight = sum != 0 ? exact[static_cast<size_t>(i)] / sum : 0;
      const double scaled = weight * (1 << kFractionBits);
      weights[i] = static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    taps.first.push_back(first);
    taps.count.push_back(last - first);
  }
  return taps;
}

uint8_t Round(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

template <int kChannels>
Image Horizontal(const Image& in, int width, const Taps& taps) {
  Image out = MakeImage(width, in.height, kChannels);
  for (int y = 0; y < in.height; ++y) {
    uint8_t* target = out.Row(y);
    for (int x = 0; x < width; ++x) {
      const uint8_t* source = in.Row(y) + static_cast<size_t>(taps.first[x]) * kChannels;
      const int32_t* weights = &taps.weights[taps.stride * static_cast<size_t>(x)];
      int32_t sums[kChannels];
      std::fill_n(sums, kChannels, kHalf);
      for (int i = 0; i < taps.count[x]; ++i)
        for (int c = 0; c < kChannels; ++c) sums[c] += weights[i] * *source++;
      for (int c = 0; c < kChannels; ++c) *target++ = Round(sums[c]);
    }
  }
  return out;
}

Image Vertical(const Image& in, int height, const Taps& taps) {
  Image out = MakeImage(in.width, height, in.channels);
  const size_t row_size = static_cast<size_t>(in.width) * in.channels;
  std::vector<int32_t> sums(row_size);
  for (int y = 0; y < height; ++y) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int i = 0; i < taps.count[y]; ++i) {
      const int32_t weight = taps.weights[taps.stride * static_cast<size_t>(y) + i];
      const uint8_t* source = in.Row(taps.first[y] + i);
      for (size_t k = 0; k < row_size; ++k) sums[k] += weight * source[k];
    }
    std::transform(sums.begin(), sums.end(), out.Row(y), Round);
  }
  return out;
}

// Source positions by repeated addition of the step, as Pillow computes them: for some sizes the
// rounding errors choose the neighbour.
std::vector<int> NearestPositions(int in_size, int out_size) {
  const double step = static_cast<double>(in_size) / out_size;
  std::vector<int> positions;
  double at = step * 0.5;
  for (int x = 0; x < out_size; ++x, at += step)
    positions.push_back(std::min(static_cast<int>(at), in_size - 1));
  return positions;
}

Image Nearest(const Image& in, int width, int height) {
  const std::vector<int> columns = NearestPositions(in.width, width);
  const std::vector<int> rows = NearestPositions(in.height, height);
  Image out = MakeImage(width, height, in.channels);
  uint8_t* target = out.pixels.data();
  for (const int y : rows)
    for (const int x : columns)
      target = std::copy_n(in.Row(y) + static_cast<size_t>(x) * in.channels, in.channels, target);
  return out;
}

// Pillow 13 starts with the height where that discards far more (found from its outputs); earlier
// versions always start with the width, so there a few pixels of such an image differ.
bool VerticalFirst(const Image& image, int width, int height) {
  return height < image.height && image.height - height > 2 * (image.width - width);
}

}  // namespace

Image ResizeLikePillow(const Image& image, int width, int height, Filter filter) {
  if (filter == Filter::kNearest) return Nearest(image, width, height);
  const auto horizontal = [&](const Image& in) {
    if (width == in.width) return in;
    const Taps taps = MakeTaps(in.width, width, filter);
    return in.channels == 1 ? Horizontal<1>(in, width, taps) : Horizontal<3>(in, width, taps);
  };
  const auto vertical = [&](const Image& in) {
    if (height == in.height) return in;
    return Vertical(in, height, MakeTaps(in.height, height, filter));
  };
  return VerticalFirst(image, width, height) ? horizontal(vertical(image))
                                             : vertical(horizontal(image));
}

}  // namespace edgeopt::data
