// The range with the smallest expected squared quantization error (expected_error.cc).
//
// Search: both ends are shrunk by the same factor on a geometric grid down to 1/256, then each end
// on its own on finer grids around the best. For one-sided or symmetric ranges there is one factor.
#include <algorithm>
#include <cmath>

#include "quant/calibrator.h"
#include "quant/expected_error.h"
#include "quant/histogram_axis.h"

namespace edgeopt::quant {
namespace {

// 8 factors to the octave, over 8 octaves.
constexpr int kCoarseSteps = 64;
constexpr double kCoarseOctaves = 8;
constexpr int kFineSteps = 8;

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
