// The range that loses the least information: S. Migacz, "8-bit Inference with TensorRT", GTC 2017,
// slides 27 to 38.
//
// For each window of bins around zero: P is the histogram inside it, with what lies outside added
// to its end bins (saturation). Q is the histogram inside it (without what lies outside) quantized
// to the integer levels: each level's count is spread evenly over the non-empty bins of the level.
// The window with the smallest Kullback-Leibler divergence of the normalized P from the normalized
// Q wins; its end lies half a bin behind its last bin. Where P has values and Q has none the
// divergence is infinite.
//
// Symmetric schemes: the histogram of |x| with half of the levels (128), as in the paper.
// Asymmetric ones: the same with all levels (256) over the window [-k, k] cut to the observed
// range, so post-Relu data spends 256 levels on its one side. A level takes the bins whose start
// falls into its share of the window. Zeros are exact in every window, so they say nothing about
// where to saturate and take no part; the paper's implementations discard the first bin for the
// same reason.
//
// One divergence takes a pass over the levels only: with c_j the counts, S and n a level's sum and
// number of non-empty bins, sum_j P_j log Q_j = sum over levels of S log(S / n) (plus the outliers'
// share), and the sums of c, of c log c and of non-empty bins come from prefix sums.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "quant/calibrator.h"
#include "quant/histogram_axis.h"

namespace edgeopt::quant {
namespace {

double XLogX(double x) { return x > 0 ? x * std::log(x) : 0; }

class Divergence {
 public:
  Divergence(const HistogramAxis& axis, size_t levels)
      : counts_(axis.counts), levels_(levels), sum_(1), x_log_x_(1), filled_(1) {
    for (const double count : counts_) {
      sum_.push_back(sum_.back() + count);
      x_log_x_.push_back(x_log_x_.back() + XLogX(count));
      filled_.push_back(filled_.back() + (count > 0 ? 1 : 0));
    }
  }

  // Of the window [first, last) of bins; it has at least as many bins as there are levels.
  double Of(size_t first, size_t last) const {
    const double total = sum_.back();
    const double inside = sum_[last] - sum_[first];
    const double below = sum_[first];
    const double above = total - sum_[last];
    const double lowest = counts_[first];
    const double highest = counts_[last - 1];
    if ((below > 0 && lowest == 0) || (above > 0 && highest == 0) || inside == 0)
      return std::numeric_limits<double>::infinity();

    // Sums of P log P and of P log Q, both before normalization.
    const double p_log_p = x_log_x_[last] - x_log_x_[first] - XLogX(lowest) +
                           XLogX(lowest + below) - XLogX(highest) + XLogX(highest + above);
    double p_log_q = 0;
    const size_t bins = last - first;
    size_t begin = first;
    for (size_t level = 0; level < levels_; ++level) {
      const size_t end = first + ((level + 1) * bins + levels_ - 1) / levels_;
      const double sum = sum_[end] - sum_[begin];
      if (sum > 0) {
        const double log_q = std::log(sum / (filled_[end] - filled_[begin]));
        p_log_q += sum * log_q;
        if (level == 0) p_log_q += below * log_q;
        if (level + 1 == levels_) p_log_q += above * log_q;
      }
      begin = end;
    }
    return (p_log_p - p_log_q) / total - std::log(total) + std::log(inside);
  }

 private:
  const std::vector<double>& counts_;
  size_t levels_;
  // Of the bins before each one.
  std::vector<double> sum_, x_log_x_, filled_;
};

Range Choose(const TensorStatistics& statistics, const CalibratorOptions& options) {
  const bool symmetric = options.scheme.symmetric;
  const Limits limits = LimitsOf(options.scheme);
  const auto all_levels = static_cast<size_t>(limits.qmax - limits.qmin + 1);
  const size_t levels = symmetric ? all_levels / 2 : all_levels;
  const HistogramAxis axis = AxisOf(statistics.histogram, symmetric);
  const size_t negative = axis.negative_bins();
  const size_t positive = axis.positive_bins();
  const size_t longest = std::max(negative, positive);

  // Fewer bins than levels (16-bit types): every value keeps its own level in the whole range.
  size_t best = longest;
  if (axis.counts.size() > levels) {
    const Divergence divergence(axis, levels);
    double least = std::numeric_limits<double>::infinity();
    for (size_t reach = 1; reach <= longest; ++reach) {
      const size_t first = negative - std::min(reach, negative);
      const size_t last = negative + std::min(reach, positive);
      if (last - first < levels) continue;
      const double value = divergence.Of(first, last);
      // Of equally good windows the widest: it saturates the least.
      if (value <= least) {
        least = value;
        best = reach;
      }
    }
  }
  if (best == longest) return statistics.range();
  const auto reach = static_cast<float>((static_cast<double>(best) + 0.5) * axis.width);
  return {-reach, reach};
}

}  // namespace

Calibrator entropy() {
  return {"entropy", "least information lost (Kullback-Leibler divergence)", true, Choose};
}

}  // namespace edgeopt::quant
