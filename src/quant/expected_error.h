// The mean squared error that a range will cause, from a histogram, for exactly the scale and zero
// point that the range will give.
#pragma once

#include <vector>

#include "quant/histogram_axis.h"
#include "quant/scheme.h"
#include "quant/statistics.h"

namespace edgeopt::quant {

class ExpectedError {
 public:
  ExpectedError(const HistogramAxis& axis, const Scheme& scheme);

  // Summed over the values of the histogram, in the tensor's unit squared. With `axis` folded, give
  // symmetric ranges. One pass over the bins.
  double Of(Range range) const;

 private:
  Scheme scheme_;
  double first_edge_;
  double width_;
  std::vector<double> edges_;  // count before minus count after each edge
};

}  // namespace edgeopt::quant
