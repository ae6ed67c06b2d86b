// The range with the smallest expected squared quantization error, for exactly the scale and zero
// point that the range will give.
//
// Values are taken as spread evenly over their bin. With s the scale, t = x / s and n = round(t)
// saturated to the integers, the error of one value is s^2 (t - n)^2; its integral from 0 to t is
// s^3 G(t), G(t) = n / 12 + (t - n)^3 / 3: a whole step contributes 1/12, and behind the last step
// the error grows with the square of the distance. The expected error is then a sum over bins of
// count * (G(end) - G(start)), or, gathered by bin edges, of G(edge) * (count before - count
// after). Zeros are exact and add nothing.
//
// Search: both ends are shrunk by the same factor on a geometric grid down to 1/256, then each end
// on its own on finer grids around the best. For one-sided or symmetric ranges there is one factor.
#include <algorithm>
#include <cmath>
#include <vector>

#include "quant/calibrator.h"
#include "quant/histogram_axis.h"
#include "quant/params.h"

namespace edgeopt::quant {
namespace {

// 8 factors to the octave, over 8 octaves.
constexpr int kCoarseSteps = 64;
constexpr double kCoarseOctaves = 8;
constexpr int kFineSteps = 8;

class ExpectedError {
 public:
  ExpectedError(const HistogramAxis& axis, const Scheme& scheme)
      : scheme_(scheme), first_edge_(-static_cast<double>(axis.zero)), width_(axis.width) {
    edges_.reserve(axis.counts.size() + 1);
    double before = 0;
    for (const double count : axis.counts) {
      edges_.push_back(before - count);
      before = count;
    }
    edges_.push_back(before);
  }

  double Of(Range range) const {
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

 private:
  // Exact for |x| < 2^51, and cheaper than a call: the sum has no bits left for a fraction.
  static double RoundHalfEven(double x) {
    constexpr double kNoFraction = 6755399441055744.0;  // 1.5 * 2^52
    return (x + kNoFraction) - kNoFraction;
  }

  Scheme scheme_;
  double first_edge_;
  double width_;
  std::vector<double> edges_;  // count before minus count after each edge
};

// Factors of the two ends of the observed range.
struct Shrink {
  double min = 1;
  double max = 1;
};

class Search {
 public:
  Search(const ExpectedError& error, Range whole) : error_(error), whole_(whole) { Try({1, 1}); }

  void Try(Shrink shrink) {
    shrink = {std::min(shrink.min, 1.0), std::min(shrink.max, 1.0)};
    const double error = error_.Of(RangeOf(shrink));
    if (!tried_ || error < least_) {
      tried_ = true;
      least_ = error;
      best_ = shrink;
    }
  }

  // Around the best so far, `octaves` up and down.
  void Refine(double octaves, bool move_min, bool move_max) {
    const Shrink center = best_;
    for (int i = -kFineSteps; i <= kFineSteps; ++i) {
      const double factor = std::exp2(octaves * i / kFineSteps);
      Try({move_min ? center.min * factor : center.min,
           move_max ? center.max * factor : center.max});
    }
  }

  Range best() const { return RangeOf(best_); }

 private:
  Range RangeOf(Shrink shrink) const {
    return {static_cast<float>(whole_.min * shrink.min),
            static_cast<float>(whole_.max * shrink.max)};
  }

  const ExpectedError& error_;
  Range whole_;
  bool tried_ = false;
  double least_ = 0;
  Shrink best_;
};

Range Choose(const TensorStatistics& statistics, const CalibratorOptions& options) {
  const bool symmetric = options.scheme.symmetric;
  const HistogramAxis axis = AxisOf(statistics.histogram, symmetric);
  Range whole = WithZero(statistics.range());
  // The larger side alone decides a symmetric scale.
  if (symmetric) whole = {0, std::max(-whole.min, whole.max)};
  const ExpectedError error(axis, options.scheme);
  Search search(error, whole);
  for (int i = 1; i <= kCoarseSteps; ++i) {
    const double factor = std::exp2(-kCoarseOctaves * i / kCoarseSteps);
    search.Try({factor, factor});
  }
  const double coarse = kCoarseOctaves / kCoarseSteps;
  if (whole.min < 0 && whole.max > 0) {
    for (const double octaves : {2.0, 4 * coarse, coarse}) {
      search.Refine(octaves, false, true);
      search.Refine(octaves, true, false);
    }
  }
  search.Refine(coarse, true, true);
  search.Refine(coarse / kFineSteps, true, true);
  const Range best = search.best();
  return symmetric ? Range{-best.max, best.max} : best;
}

}  // namespace

Calibrator mse() { return {"mse", "least squared quantization error", true, Choose}; }

}  // namespace edgeopt::quant
