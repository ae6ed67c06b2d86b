// A histogram as one row of bins from the most negative to the most positive value, for calibrators
// that move a window over it.
#pragma once

#include <cstddef>
#include <vector>

#include "quant/statistics.h"

namespace edgeopt::quant {

struct HistogramAxis {
  // Bin i holds the values from (i - zero) * width to (i + 1 - zero) * width. Zeros are in none:
  // they are exact in every range. Bins outside the observed range are left out.
  std::vector<double> counts;
  size_t zero = 0;  // number of bins of negative values
  double width = 0;

  size_t negative_bins() const { return zero; }
  size_t positive_bins() const { return counts.size() - zero; }
};

// With `fold`, of |x|: no negative bins.
HistogramAxis AxisOf(const Histogram& histogram, bool fold);

}  // namespace edgeopt::quant
