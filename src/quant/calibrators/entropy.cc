// The range that loses the least information: S. Migacz, "8-bit Inference with TensorRT", GTC 2017,
// slides 27 to 38.
//
// For each window of bins around zero: P is the histogram inside it, with what lies outside added
// at its ends (saturation). Q is the histogram inside it (without what lies outside) quantized to
// the integer levels: each level's count is spread evenly over the non-empty bins of the level. The
// window with the smallest Kullback-Leibler divergence of the normalized P from the normalized Q
// wins; its end lies half a bin behind its last bin. The paper adds what lies outside to the
// window's end bin; where that is empty, P would have values where Q has none and the divergence
// would be infinite, so a lonely outlier would never be cut off. Here it goes to the nearest filled
// bin.
//
// Symmetric schemes: the histogram of |x| with half of the levels (128), as in the paper.
// Asymmetric ones: the same with all levels (256) over the window [-k, k] cut to the observed
// range, so post-Relu data spends 256 levels on its one side. A level takes the bins whose start
// falls into its share of the window. Zeros are exact in every window, so they say nothing about
// where to saturate and take no part; the paper's implementations discard the first bin for the
// same reason.
//
// The divergence compares shapes only: it does not know how far a saturated value moves, and alone
// it lost 0.6 dB of signal-to-noise ratio against min-max on EfficientNet-Lite0 (100 crops of
// photographs, uint8 activations, bench/compare_quantizers.py). So only windows count whose
// expected squared error is not above that of the whole range.
//
// One divergence takes a pass over the levels only: with c_j the counts, S and n a level's sum and
// number of non-empty bins, sum_j P_j log Q_j = sum over levels of S log(S / n) (plus the outliers'
// share), and the sums of c, of c log c and of non-empty bins come from prefix sums.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "quant/calibrator.h"
#include "quant/expected_error.h"
#include "quant/histogram_axis.h"

namespace edgeopt::quant {
namespace {

constexpr size_t kPaperWindows = 2048;

double XLogX(double x) { return x > 0 ? x * std::log(x) : 0; }

class Divergence {
 public:
  Divergence(const HistogramAxis& axis, size_t levels)
      : counts_(axis.counts), levels_(levels), sum_(1), x_log_x_(1), filled_(1), log_(1) {
    for (const double count : counts_) {
      sum_.push_back(sum_.back() + count);
      x_log_x_.push_back(x_log_x_.back() + XLogX(count));
      filled_.push_back(filled_.back() + (count > 0 ? 1 : 0));
      log_.push_back(std::log(static_cast<double>(log_.size())));
      if (count > 0) filled_bins_.push_back(filled_.size() - 2);
    }
  }

  // Of the window [first, last) of bins; it has at least as many bins as there are levels.
  double Of(size_t first, size_t last) const {
    const double total = sum_.back();
    const double inside = sum_[last] - sum_[first];
    const double below = sum_[first];
    const double above = total - sum_[last];
    if (inside == 0) return std::numeric_limits<double>::infinity();

    // Sums of P log P and of P log Q, both before normalization: first what lies inside.
    double p_log_p = x_log_x_[last] - x_log_x_[first];
    double p_log_q = 0;
    // Level k ends before bin ceil((k + 1) * bins / levels), counted up without divisions.
    const size_t whole = (last - first) / levels_;
    const size_t part = (last - first) % levels_;
    size_t begin = first;
    size_t end = first;
    size_t rest = levels_ - 1;
    for (size_t level = 0; level < levels_; ++level, begin = end) {
      end += whole;
      rest += part;
      if (rest >= levels_) {
        rest -= levels_;
        ++end;
      }
      const double sum = sum_[end] - sum_[begin];
      if (sum > 0) p_log_q += sum * (std::log(sum) - log_[filled_[end] - filled_[begin]]);
    }

    // Then what saturates into the outermost filled bins.
    const size_t lowest = filled_bins_[filled_[first]];
    const size_t highest = filled_bins_[filled_[last] - 1];
    if (below > 0) p_log_q += below * LogQ(first, last, lowest);
    if (above > 0) p_log_q += above * LogQ(first, last, highest);
    const double at_lowest = counts_[lowest] + below + (lowest == highest ? above : 0);
    p_log_p += XLogX(at_lowest) - XLogX(counts_[lowest]);
    if (lowest != highest) p_log_p += XLogX(counts_[highest] + above) - XLogX(counts_[highest]);
    return (p_log_p - p_log_q) / total - std::log(total) + std::log(inside);
  }

 private:
  // log Q of a filled bin, before normalization.
  double LogQ(size_t first, size_t last, size_t bin) const {
    const size_t bins = last - first;
    const size_t level = (bin - first) * levels_ / bins;
    const size_t begin = first + (level * bins + levels_ - 1) / levels_;
    const size_t end = first + ((level + 1) * bins + levels_ - 1) / levels_;
    return std::log((sum_[end] - sum_[begin]) / (filled_[end] - filled_[begin]));
  }

  const std::vector<double>& counts_;
  size_t levels_;
  // Of the bins before each one.
  std::vector<double> sum_, x_log_x_;
  std::vector<uint32_t> filled_;
  std::vector<size_t> filled_bins_;
  std::vector<double> log_;  // of the integers up to the number of bins
};

struct Window {
  size_t reach = 0;  // bins on the longer side of zero
  double divergence = 0;
};

// By divergence; of equally good ones the widest comes first: it saturates the least. The paper has
// 2048 windows; between 2049 and 4096 bins are filled, so every second is tried. None with fewer
// bins than levels (16-bit types): every value keeps its own level in the whole range.
std::vector<Window> RankedWindows(const HistogramAxis& axis, size_t levels) {
  const size_t negative = axis.negative_bins();
  const size_t positive = axis.positive_bins();
  const size_t longest = std::max(negative, positive);
  const size_t stride = longest > kPaperWindows ? 2 : 1;
  const Divergence divergence(axis, levels);
  std::vector<Window> windows;
  for (size_t reach = longest; reach > 0 && reach <= longest; reach -= stride) {
    const size_t first = negative - std::min(reach, negative);
    const size_t last = negative + std::min(reach, positive);
    if (last - first < levels) break;
    windows.push_back({reach, divergence.Of(first, last)});
  }
  std::ranges::stable_sort(windows, {}, &Window::divergence);
  return windows;
}

Range Choose(const TensorStatistics& statistics, const CalibratorOptions& options) {
  const bool symmetric = options.scheme.symmetric;
  const Limits limits = LimitsOf(options.scheme);
  const auto all_levels = static_cast<size_t>(limits.qmax - limits.qmin) + 1;
  const HistogramAxis axis = AxisOf(statistics.histogram, symmetric);
  const size_t longest = std::max(axis.negative_bins(), axis.positive_bins());
  // Not folded: symmetric integers reach one step further below zero than above.
  const ExpectedError error(AxisOf(statistics.histogram, false), options.scheme);
  const double error_of_whole = error.Of(WithZero(statistics.range()));
  for (const Window& window : RankedWindows(axis, symmetric ? all_levels / 2 : all_levels)) {
    if (window.reach == longest) break;
    const auto reach = static_cast<float>((static_cast<double>(window.reach) + 0.5) * axis.width);
    const Range range = Clamp({-reach, reach}, WithZero(statistics.range()));
    if (error.Of(range) <= error_of_whole) return range;
  }
  return statistics.range();
}

}  // namespace

Calibrator entropy() {
  return {"entropy", "least information lost (Kullback-Leibler divergence)", true, Choose};
}

}  // namespace edgeopt::quant
