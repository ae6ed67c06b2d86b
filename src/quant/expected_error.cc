// Values are taken as spread evenly over their bin. With s the scale, t = x / s and n = round(t)
// saturated to the integers, the error of one value is s^2 (t - n)^2; its integral from 0 to t is
// s^3 G(t), G(t) = n / 12 + (t - n)^3 / 3: a whole step contributes 1/12, and behind the last step
// the error grows with the square of the distance. The expected error is then a sum over bins of
// count * (G(end) - G(start)), or, gathered by bin edges, of G(edge) * (count before - count
// after). Zeros are exact and add nothing.
#include "quant/expected_error.h"

#include <algorithm>
#include <cmath>

#include "quant/params.h"

namespace edgeopt::quant {
namespace {

// Exact for |x| < 2^51, and cheaper than a call: the sum has no bits left for a fraction.
double RoundHalfEven(double x) {
  constexpr double kNoFraction = 6755399441055744.0;  // 1.5 * 2^52
  return (x + kNoFraction) - kNoFraction;
}

}  // namespace

ExpectedError::ExpectedError(const HistogramAxis& axis, const Scheme& scheme)
    : scheme_(scheme), first_edge_(-static_cast<double>(axis.zero)), width_(axis.width) {
  edges_.reserve(axis.counts.size() + 1);
  double before = 0;
  for (const double count : axis.counts) {
    edges_.push_back(before - count);
    before = count;
  }
  edges_.push_back(before);
}

double ExpectedError::Of(Range range) const {
  const QuantParams params = ParamsFor(range, scheme_);
  const double low = params.qmin - params.zero_point;
  const double high = params.qmax - params.zero_point;
  const double steps_per_bin = width_ / params.scale;
  double sum = 0;
  for (size_t i = 0; i < edges_.size(); ++i) {
    const double t = (first_edge_ + static_cast<double>(i)) * steps_per_bin;
    const double n = std::clamp(RoundHalfEven(t), low, high);
    const double rest = t - n;
    sum += edges_[i] * (n * (1.0 / 12) + rest * rest * rest * (1.0 / 3));
  }
  return sum * std::pow(params.scale, 3) / width_;
}

}  // namespace edgeopt::quant
