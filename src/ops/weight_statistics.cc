#include "ops/weight_statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace edgeopt::ops {
namespace {

constexpr int64_t kFewestElements = 64;
constexpr double kOutlierRatio = 16;
constexpr double kDeadRatio = 1e-4;

struct Channel {
  double maximum = 0, sum_of_squares = 0;
  int64_t count = 0;
};

bool HasOutliers(const Channel& channel) {
  if (channel.count < kFewestElements) return false;
  const double rms = std::sqrt(channel.sum_of_squares / static_cast<double>(channel.count));
  return channel.maximum > kOutlierRatio * rms;
}

}  // namespace

std::optional<WeightStatistics> StatisticsOf(const ir::Tensor& weight, int64_t axis) {
  const auto values = weight.ToFloats();
  if (!ir::IsFloatingPoint(weight.type()) || !values.ok()) return std::nullopt;
  const bool per_channel = axis >= 0 && axis < weight.rank();
  int64_t inner = 1;  // elements between two steps along the axis
  for (int64_t i = axis + 1; per_channel && i < weight.rank(); ++i)
    inner *= weight.dims()[static_cast<size_t>(i)];
  WeightStatistics statistics;
  statistics.channels = per_channel ? weight.dims()[static_cast<size_t>(axis)] : 1;
  std::vector<Channel> channels(static_cast<size_t>(statistics.channels));
  for (int64_t i = 0; i < weight.size(); ++i) {
    const double value = (*values)[static_cast<size_t>(i)];
    if (!std::isfinite(value)) {
      ++statistics.not_finite;
      continue;
    }
    Channel& channel =
        channels[static_cast<size_t>(per_channel ? i / inner % statistics.channels : 0)];
    channel.maximum = std::max(channel.maximum, std::abs(value));
    channel.sum_of_squares += value * value;
    ++channel.count;
  }
  double largest = 0;
  for (const Channel& channel : channels) {
    statistics.channels_with_outliers += HasOutliers(channel);
    largest = std::max(largest, channel.maximum);
  }
  double smallest = largest;
  for (const Channel& channel : channels)
    if (channel.maximum > largest * kDeadRatio) smallest = std::min(smallest, channel.maximum);
  if (largest > 0) statistics.channel_spread = largest / smallest;
  return statistics;
}

}  // namespace edgeopt::ops
