// What the ranges of a weight's channels tell about its quantization. Internal to ops.
#pragma once

#include <cstdint>
#include <optional>

#include "ir/tensor.h"

namespace edgeopt::ops {

struct WeightStatistics {
  int64_t channels = 0;
  int64_t not_finite = 0;
  // The largest channel's maximum magnitude over that of the smallest. Dead channels, below a
  // ten-thousandth of the largest, do not count: they may as well be zero.
  double channel_spread = 1;
  // Channels of at least 64 elements whose maximum is more than 16 times their RMS. (A normal
  // distribution's maximum of 64 to 10,000 elements is 2.5 to 4 times its RMS.)
  int64_t channels_with_outliers = 0;
};

// `axis`: the channels, or -1 for one channel. nullopt when the tensor is not floating point.
std::optional<WeightStatistics> StatisticsOf(const ir::Tensor& weight, int64_t axis);

}  // namespace edgeopt::ops
