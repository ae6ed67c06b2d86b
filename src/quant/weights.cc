#include "quant/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "quant/fake_quant.h"

namespace edgeopt::quant {
namespace {

// Moves a tile of neighbouring channels between the tensor, [outer, channels, inner], and an array
// in which each channel is contiguous, [tile channels, outer, inner]. In tiles, so that both sides
// are read and written in runs even when the channel axis is the last.
class ChannelTiles {
 public:
  explicit ChannelTiles(WeightLayout layout)
      : layout_(layout), per_channel_(layout.outer * layout.inner) {
    // Half of a first-level cache, but at least a cache line of neighbours.
    constexpr size_t kElements = 1 << 12;
    tile_channels_ = std::min(std::max<size_t>(kElements / std::max<size_t>(per_channel_, 1), 16),
                              layout.channels);
  }

  size_t per_channel() const { return per_channel_; }
  size_t tile_size() const { return tile_channels_ * per_channel_; }

  // fn(first channel, number of channels) for each tile.
  template <typename Fn>
  void ForEach(Fn fn) const {
    for (size_t first = 0; first < layout_.channels; first += tile_channels_)
      fn(first, std::min(tile_channels_, layout_.channels - first));
  }

  // move(element of the tensor, element of the tile) for all elements of a tile.
  template <typename Move>
  void Transpose(size_t first, size_t channels, Move move) const {
    const size_t inner = layout_.inner;
    for (size_t o = 0; o < layout_.outer; ++o) {
      const size_t in_tensor = (o * layout_.channels + first) * inner;
      if (inner == 1) {  // the common matrix, without an inner loop of one turn
        for (size_t c = 0; c < channels; ++c) move(in_tensor + c, c * per_channel_ + o);
        continue;
      }
      for (size_t c = 0; c < channels; ++c)
        for (size_t i = 0; i < inner; ++i)
          move(in_tensor + c * inner + i, c * per_channel_ + o * inner + i);
    }
  }

 private:
  WeightLayout layout_;
  size_t per_channel_;
  size_t tile_channels_;
};

// fn(channel, its elements, where its integers go) for each channel, with the integers moved to
// their places in `values`.
template <typename Fn>
void QuantizeChannels(std::span<const float> weights, WeightLayout layout,
                      std::vector<uint8_t>& values, Fn fn) {
  values.resize(weights.size());
  const ChannelTiles tiles(layout);
  const size_t size = tiles.per_channel();
  std::vector<float> tile(tiles.tile_size());
  std::vector<uint8_t> integers(tiles.tile_size());
  tiles.ForEach([&](size_t first, size_t channels) {
    tiles.Transpose(first, channels, [&](size_t from, size_t to) { tile[to] = weights[from]; });
    for (size_t c = 0; c < channels; ++c)
      fn(first + c, std::span<const float>(tile).subspan(c * size, size),
         integers.data() + c * size);
    tiles.Transpose(first, channels, [&](size_t to, size_t from) { values[to] = integers[from]; });
  });
}

void QuantizeChannel(std::span<const float> values, const QuantParams& params, uint8_t* to) {
  if (IsSigned(params.type)) {
    QuantizeArray(values, params, reinterpret_cast<int8_t*>(to));
  } else {
    QuantizeArray(values, params, to);
  }
}

Range RangeOf(std::span<const float> values, const Scheme& scheme) {
  if (scheme.symmetric) {
    const float max = AbsMax(values);
    return {-max, max};
  }
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return WithZero({*min, *max});
}

// The range, shrunk by the factor that gives the smallest squared error: 1 down to 0.2 in steps of
// 2 per cent (4-bit weights gain from cutting far; 8-bit ones hardly), then finer around the best.
Range LeastSquaresRange(std::span<const float> values, Range whole, const Scheme& scheme) {
  constexpr double kLowest = 0.2, kStep = 0.02, kFineStep = 0.0025;
  const auto scaled = [&](double factor) {
    return Range{static_cast<float>(whole.min * factor), static_cast<float>(whole.max * factor)};
  };
  double best = 1;
  double least = QuantizationNoise(values, ParamsFor(whole, scheme));
  const auto attempt = [&](double factor) {
    const double noise = QuantizationNoise(values, ParamsFor(scaled(factor), scheme));
    if (noise < least) {
      least = noise;
      best = factor;
    }
  };
  for (double factor = 1 - kStep; factor >= kLowest; factor -= kStep) attempt(factor);
  const double center = best;
  for (int i = -7; i <= 7; ++i) attempt(std::min(center + i * kFineStep, 1.0));
  return scaled(best);
}

Status CheckFinite(std::span<const float> values, const char* what) {
  if (std::isfinite(AbsMax(values))) return OkStatus();
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  return BadInput(std::string(what) + " " + std::to_string(bad - values.begin()) + " is " +
                      (std::isnan(*bad) ? "NaN" : "infinite"),
                  "check the training of the model, or exclude the layer");
}

}  // namespace

QuantParams QuantizedWeights::params(size_t channel) const {
  const auto [qmin, qmax] = LimitsOf(scheme);
  return {.scale = scales[channel],
          .zero_point = zero_points[channel],
          .type = scheme.type,
          .qmin = qmin,
          .qmax = qmax};
}

Result<QuantizedWeights> QuantizeWeights(std::span<const float> weights, WeightLayout layout,
                                         const WeightOptions& options) {
  if (BitsOf(options.scheme.type) > 8)
    return Unsupported("weights of type " + std::string(Name(options.scheme.type)));
  if (weights.size() != layout.size()) {
    return BadInput("the layout " + std::to_string(layout.outer) + " x " +
                    std::to_string(layout.channels) + " x " + std::to_string(layout.inner) +
                    " doesn't have the " + std::to_string(weights.size()) + " weights there are");
  }
  EDGEOPT_CHECK_OK(CheckFinite(weights, "weight"));
  QuantizedWeights quantized{options.scheme, layout, {}, {}, {}};
  if (weights.empty()) return quantized;

  std::vector<size_t> dead;
  float largest_scale = 0;
  const auto quantize = [&](size_t channel, std::span<const float> values, uint8_t* to) {
    Range range = RangeOf(values, options.scheme);
    // Ranges this small are the ones that ParamsFor replaces.
    const auto [qmin, qmax] = LimitsOf(options.scheme);
    const bool is_dead =
        (double{range.max} - double{range.min}) / static_cast<double>(qmax - qmin) <
        std::numeric_limits<float>::min();
    if (options.least_squares && !is_dead) range = LeastSquaresRange(values, range, options.scheme);
    const QuantParams params = ParamsFor(range, options.scheme);
    QuantizeChannel(values, params, to);  // of dead channels: zero points, with any scale
    quantized.scales.push_back(params.scale);
    quantized.zero_points.push_back(params.zero_point);
    if (is_dead) {
      dead.push_back(channel);
    } else {
      largest_scale = std::max(largest_scale, params.scale);
    }
  };
  QuantizeChannels(weights, layout, quantized.values, quantize);
  if (largest_scale > 0)
    for (const size_t channel : dead) quantized.scales[channel] = largest_scale;
  return quantized;
}

void Requantize(std::span<const float> weights, QuantizedWeights& quantized) {
  QuantizeChannels(weights, quantized.layout, quantized.values,
                   [&](size_t channel, std::span<const float> values, uint8_t* to) {
                     QuantizeChannel(values, quantized.params(channel), to);
                   });
}

std::vector<float> Dequantize(const QuantizedWeights& quantized) {
  const WeightLayout layout = quantized.layout;
  std::vector<float> weights(quantized.values.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t channel = i / layout.inner % layout.channels;
    const int32_t value = IsSigned(quantized.scheme.type) ? static_cast<int8_t>(quantized.values[i])
                                                          : int32_t{quantized.values[i]};
    weights[i] =
        static_cast<float>(value - quantized.zero_points[channel]) * quantized.scales[channel];
  }
  return weights;
}

Result<QuantizedBias> QuantizeBias(std::span<const float> bias, float input_scale,
                                   std::span<const float> weight_scales) {
  if (weight_scales.size() != 1 && weight_scales.size() != bias.size()) {
    return BadInput("there are " + std::to_string(bias.size()) + " biases and " +
                    std::to_string(weight_scales.size()) + " weight scales");
  }
  EDGEOPT_CHECK_OK(CheckFinite(bias, "bias"));
  QuantizedBias quantized;
  // In float, since the runtime is given the product as a float.
  for (const float scale : weight_scales) quantized.scales.push_back(input_scale * scale);
  constexpr double kMin = std::numeric_limits<int32_t>::min();
  constexpr double kMax = std::numeric_limits<int32_t>::max();
  for (size_t i = 0; i < bias.size(); ++i) {
    const double scale = quantized.scales[weight_scales.size() == 1 ? 0 : i];
    const double exact = bias[i] == 0 ? 0 : std::nearbyint(bias[i] / scale);
    const double value = std::clamp(exact, kMin, kMax);
    if (value != exact) ++quantized.clamped;
    quantized.values.push_back(static_cast<int32_t>(value));
  }
  return quantized;
}

size_t WidenScalesForBias(std::span<const float> bias, float input_scale,
                          std::span<float> weight_scales) {
  constexpr double kMargin = 1.0001;
  constexpr double kMax = std::numeric_limits<int32_t>::max();
  size_t changed = 0;
  const bool per_tensor = weight_scales.size() == 1;
  for (size_t c = 0; c < weight_scales.size() && (per_tensor || c < bias.size()); ++c) {
    const float largest = per_tensor ? AbsMax(bias) : std::abs(bias[c]);
    const double smallest_bias_scale = kMargin * largest / kMax;
    if (double{input_scale} * double{weight_scales[c]} >= smallest_bias_scale) continue;
    float& scale = weight_scales[c];
    scale = static_cast<float>(smallest_bias_scale / input_scale);
    // Rounding to float must not leave it too small again.
    if (double{input_scale} * double{scale} < smallest_bias_scale)
      scale = std::nextafter(scale, std::numeric_limits<float>::infinity());
    ++changed;
  }
  return changed;
}

}  // namespace edgeopt::quant
