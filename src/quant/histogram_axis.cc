#include "quant/histogram_axis.h"

#include <algorithm>

namespace edgeopt::quant {

HistogramAxis AxisOf(const Histogram& histogram, bool fold) {
  const size_t negative = histogram.Used(true);
  const size_t positive = histogram.Used(false);
  HistogramAxis axis;
  axis.width = histogram.width();
  axis.zero = fold ? 0 : negative;
  axis.counts.assign(fold ? std::max(negative, positive) : negative + positive, 0);
  for (size_t i = 0; i < positive; ++i)
    axis.counts[axis.zero + i] += static_cast<double>(histogram.positive()[i]);
  for (size_t i = 0; i < negative; ++i)
    axis.counts[fold ? i : negative - 1 - i] += static_cast<double>(histogram.negative()[i]);
  return axis;
}

}  // namespace edgeopt::quant
