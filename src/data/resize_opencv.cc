// Resizing with OpenCV's results (cv2.resize of 8-bit images).
//
// Coordinates: source = (x + 0.5) * scale - 0.5, clamped at the borders; no filter widens when the
// image shrinks. Linear and cubic: separable, weights in fixed point with 11 fraction bits, the
// first pass exact in integers. Linear drops 4 bits before its second product and 18 after it.
// Area: the mean over the source pixels that an output pixel covers, in single precision; growing,
// it is linear with other weights. Linear at exactly half size is area. Source: OpenCV's
// documentation of resize() and InterpolationFlags and its resize.cpp, reproduced against its
// outputs.
#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <vector>

#include "data/resize.h"

namespace edgeopt::data {
namespace {

constexpr int kOne = 1 << 11;  // 1.0 in fixed point

uint8_t Saturate(int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); }

struct Axis {
  int in_size, out_size;
  double inverse;  // out / in
  double scale;    // 1 / inverse: not quite in / out, which OpenCV's rounding depends on
};
Axis MakeAxis(int in_size, int out_size) {
  const double inverse = static_cast<double>(out_size) / in_size;
  return {in_size, out_size, inverse, 1.0 / inverse};
}
// The scale where it is a whole number, else 0.
int WholeScale(const Axis& axis) {
  const double rounded = std::nearbyint(axis.scale);
  return std::abs(axis.scale - rounded) < DBL_EPSILON ? static_cast<int>(rounded) : 0;
}

Image Nearest(const Image& in, const Axis& horizontal, const Axis& vertical) {
  const auto positions = [](const Axis& axis) {
    std::vector<int> out;
    for (int i = 0; i < axis.out_size; ++i)
      out.push_back(std::min(static_cast<int>(std::floor(i * axis.scale)), axis.in_size - 1));
    return out;
  };
  const std::vector<int> columns = positions(horizontal), rows = positions(vertical);
  Image out = MakeImage(horizontal.out_size, vertical.out_size, in.channels);
  uint8_t* target = out.pixels.data();
  for (const int y : rows)
    for (const int x : columns)
      target = std::copy_n(in.Row(y) + static_cast<size_t>(x) * in.channels, in.channels, target);
  return out;
}

// --- Linear and cubic ---

// K taps from source position `first` on; positions outside of the image repeat its border.
template <int K>
struct Tap {
  int first;
  std::array<int, K> weights;
};

template <size_t K>
std::array<int, K> FixedPoint(const std::array<float, K>& weights) {
  std::array<int, K> fixed;
  for (size_t k = 0; k < K; ++k)
    fixed[k] = static_cast<int>(std::nearbyint(weights[k] * static_cast<float>(kOne)));
  return fixed;
}

// `area`: the weights that OpenCV uses for INTER_AREA where the image grows.
std::vector<Tap<2>> LinearTaps(const Axis& axis, bool area) {
  std::vector<Tap<2>> taps;
  for (int x = 0; x < axis.out_size; ++x) {
    int first;
    float fraction;
    if (area) {
      first = static_cast<int>(std::floor(x * axis.scale));
      fraction = static_cast<float>((x + 1) - (first + 1) * axis.inverse);
      fraction = fraction <= 0 ? 0.f : fraction - std::floor(fraction);
    } else {
      const auto center = static_cast<float>((x + 0.5) * axis.scale - 0.5);
      first = static_cast<int>(std::floor(center));
      fraction = center - static_cast<float>(first);
    }
    taps.push_back({first, FixedPoint<2>({1.f - fraction, fraction})});
  }
  return taps;
}

std::vector<Tap<4>> CubicTaps(const Axis& axis) {
  constexpr float a = -0.75f;
  std::vector<Tap<4>> taps;
  for (int x = 0; x < axis.out_size; ++x) {
    const auto center = static_cast<float>((x + 0.5) * axis.scale - 0.5);
    const int left = static_cast<int>(std::floor(center));
    const float t = center - static_cast<float>(left);
    const float w0 = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
    const float w1 = ((a + 2) * t - (a + 3)) * t * t + 1;
    const float w2 = ((a + 2) * (1 - t) - (a + 3)) * (1 - t) * (1 - t) + 1;
    taps.push_back({left - 1, FixedPoint<4>({w0, w1, w2, 1.f - w0 - w1 - w2})});
  }
  return taps;
}

// The second pass of linear: OpenCV's own truncations.
uint8_t Combine(const std::array<const int*, 2>& rows, const std::array<int, 2>& weights,
                size_t k) {
  return static_cast<uint8_t>(
      (((weights[0] * (rows[0][k] >> 4)) >> 16) + ((weights[1] * (rows[1][k] >> 4)) >> 16) + 2) >>
      2);
}
// The second pass of cubic: in single precision, as OpenCV's vector code does it.
uint8_t Combine(const std::array<const int*, 4>& rows, const std::array<int, 4>& weights,
                size_t k) {
  constexpr float unit = 1.f / (static_cast<float>(kOne) * kOne);
  float sum = static_cast<float>(rows[3][k]) * (static_cast<float>(weights[3]) * unit);
  for (size_t i = 3; i-- > 0;)
    sum = std::fma(static_cast<float>(rows[i][k]), static_cast<float>(weights[i]) * unit, sum);
  return Saturate(static_cast<int>(std::nearbyint(sum)));
}

template <int K>
Image Separable(const Image& in, const std::vector<Tap<K>>& columns,
                const std::vector<Tap<K>>& rows) {
  const int width = static_cast<int>(columns.size()), height = static_cast<int>(rows.size());
  const size_t row_size = static_cast<size_t>(width) * in.channels;
  const auto horizontal = [&](int y, std::vector<int>& out) {
    const uint8_t* source = in.Row(y);
    out.clear();
    for (const Tap<K>& tap : columns) {
      for (int c = 0; c < in.channels; ++c) {
        int sum = 0;
        for (int k = 0; k < K; ++k) {
          const int x = std::clamp(tap.first + k, 0, in.width - 1);
          sum += source[static_cast<size_t>(x) * in.channels + c] * tap.weights[k];
        }
        out.push_back(sum);
      }
    }
  };
  Image out = MakeImage(width, height, in.channels);
  // The last K rows of the first pass; neighbours share them.
  std::array<std::vector<int>, K> cache;
  std::array<int, K> cached;
  cached.fill(-1);
  for (int y = 0; y < height; ++y) {
    std::array<const int*, K> sources;
    for (int k = 0; k < K; ++k) {
      const int row = std::clamp(rows[y].first + k, 0, in.height - 1);
      const size_t slot = static_cast<size_t>(row % K);
      if (cached[slot] != row) horizontal(cached[slot] = row, cache[slot]);
      sources[k] = cache[slot].data();
    }
    uint8_t* target = out.Row(y);
    for (size_t k = 0; k < row_size; ++k) target[k] = Combine(sources, rows[y].weights, k);
  }
  return out;
}

// --- Area, shrinking ---

// Both scales whole numbers: integer sums.
Image WholeArea(const Image& in, int width, int height, int scale_x, int scale_y) {
  Image out = MakeImage(width, height, in.channels);
  const float unit = 1.f / static_cast<float>(scale_x * scale_y);
  const bool quarter = scale_x == 2 && scale_y == 2;
  uint8_t* target = out.pixels.data();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < in.channels; ++c) {
        int sum = 0;
        for (int j = 0; j < scale_y; ++j) {
          const uint8_t* source =
              in.Row(y * scale_y + j) + static_cast<size_t>(x) * scale_x * in.channels + c;
          for (int i = 0; i < scale_x; ++i) sum += source[static_cast<size_t>(i) * in.channels];
        }
        *target++ =
            quarter ? static_cast<uint8_t>((sum + 2) >> 2)
                    : Saturate(static_cast<int>(std::nearbyint(static_cast<float>(sum) * unit)));
      }
    }
  }
  return out;
}

// One source position's share in one output position.
struct Share {
  int out, in;
  float weight;
};

std::vector<Share> AreaShares(const Axis& axis) {
  constexpr double kNegligible = 1e-3;
  std::vector<Share> shares;
  for (int x = 0; x < axis.out_size; ++x) {
    const double start = x * axis.scale, end = start + axis.scale;
    const double cell = std::min(axis.scale, axis.in_size - start);
    int first = static_cast<int>(std::ceil(start)), last = static_cast<int>(std::floor(end));
    last = std::min(last, axis.in_size - 1);
    first = std::min(first, last);
    if (first - start > kNegligible)
      shares.push_back({x, first - 1, static_cast<float>((first - start) / cell)});
    for (int i = first; i < last; ++i) shares.push_back({x, i, static_cast<float>(1.0 / cell)});
    if (end - last > kNegligible)
      shares.push_back(
          {x, last, static_cast<float>(std::min(std::min(end - last, 1.0), cell) / cell)});
  }
  return shares;
}

Image FractionalArea(const Image& in, const Axis& horizontal, const Axis& vertical) {
  const std::vector<Share> columns = AreaShares(horizontal), rows = AreaShares(vertical);
  const size_t row_size = static_cast<size_t>(horizontal.out_size) * in.channels;
  Image out = MakeImage(horizontal.out_size, vertical.out_size, in.channels);
  std::vector<float> row(row_size), sums(row_size, 0.f);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::fill(row.begin(), row.end(), 0.f);
    const uint8_t* source = in.Row(rows[i].in);
    for (const Share& share : columns)
      for (int c = 0; c < in.channels; ++c)
        row[static_cast<size_t>(share.out) * in.channels + c] +=
            static_cast<float>(source[static_cast<size_t>(share.in) * in.channels + c]) *
            share.weight;
    for (size_t k = 0; k < row_size; ++k) sums[k] += rows[i].weight * row[k];
    if (i + 1 < rows.size() && rows[i + 1].out == rows[i].out) continue;
    std::transform(sums.begin(), sums.end(), out.Row(rows[i].out),
                   [](float sum) { return Saturate(static_cast<int>(std::nearbyint(sum))); });
    std::fill(sums.begin(), sums.end(), 0.f);
  }
  return out;
}

}  // namespace

Image ResizeLikeOpencv(const Image& image, int width, int height, Filter filter) {
  const Axis horizontal = MakeAxis(image.width, width), vertical = MakeAxis(image.height, height);
  const int scale_x = WholeScale(horizontal), scale_y = WholeScale(vertical);
  if (filter == Filter::kNearest) return Nearest(image, horizontal, vertical);
  if (filter == Filter::kBilinear && scale_x == 2 && scale_y == 2) filter = Filter::kArea;
  if (filter == Filter::kArea && horizontal.scale >= 1 && vertical.scale >= 1)
    return scale_x > 0 && scale_y > 0 ? WholeArea(image, width, height, scale_x, scale_y)
                                      : FractionalArea(image, horizontal, vertical);
  if (filter == Filter::kBicubic)
    return Separable<4>(image, CubicTaps(horizontal), CubicTaps(vertical));
  const bool area = filter == Filter::kArea;
  return Separable<2>(image, LinearTaps(horizontal, area), LinearTaps(vertical, area));
}

}  // namespace edgeopt::data
