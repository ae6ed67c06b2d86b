// Cuts off the rarest values: `percentile` per cent of all values, zeros included, stay inside. For
// an asymmetric scheme half of the rest is cut off at each end (so one-sided data loses half of it
// at its one end), for a symmetric scheme all of it by magnitude. ONNX Runtime does the same on bin
// edges; here the quantile is interpolated linearly inside its bin.
#include <cmath>

#include "quant/calibrator.h"
#include "quant/histogram_axis.h"

namespace edgeopt::quant {
namespace {

// The value below which `rank` of the values lie.
double ValueAtRank(const HistogramAxis& axis, double zeros, double rank) {
  double below = 0;
  for (size_t i = 0; i < axis.counts.size(); ++i) {
    if (i == axis.zero) {
      below += zeros;
      if (below >= rank) return 0;
    }
    const double count = axis.counts[i];
    if (count > 0 && below + count >= rank) {
      const double bin = static_cast<double>(i) - static_cast<double>(axis.zero);
      return (bin + (rank - below) / count) * axis.width;
    }
    below += count;
  }
  return (static_cast<double>(axis.counts.size()) - static_cast<double>(axis.zero)) * axis.width;
}

Range Choose(const TensorStatistics& statistics, const CalibratorOptions& options) {
  const auto count = static_cast<double>(statistics.count);
  const auto zeros = static_cast<double>(statistics.zeros);
  const double outside = count * (100 - options.percentile) / 100;
  if (outside == 0) return statistics.range();
  const bool symmetric = options.scheme.symmetric;
  const HistogramAxis axis = AxisOf(statistics.histogram, symmetric);
  if (symmetric) {
    const auto max = static_cast<float>(ValueAtRank(axis, zeros, count - outside));
    return {-max, max};
  }
  return {static_cast<float>(ValueAtRank(axis, zeros, outside / 2)),
          static_cast<float>(ValueAtRank(axis, zeros, count - outside / 2))};
}

}  // namespace

Calibrator percentile() {
  return {"percentile", "all but the rarest values (99.999 per cent)", true, Choose};
}

}  // namespace edgeopt::quant
