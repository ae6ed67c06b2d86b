// What an observer remembers of one tensor: ranges, counts and a histogram, all of constant size
// and all mergeable. Every calibrator works from this alone, so one pass over the data serves them
// all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace edgeopt::quant {

// Magnitudes from here on are masks ("minus infinity" constants such as -3.4e38), not activations:
// they are counted, and kept out of ranges and histograms.
inline constexpr float kExtremeMagnitude = 1e30f;

// A range of real values. Those that calibrators return always hold zero: min <= 0 <= max.
struct Range {
  float min = 0;
  float max = 0;
  bool operator==(const Range&) const = default;
};

// The smallest range that holds `range` and zero.
Range WithZero(Range range);
// The part of `range` inside `bounds`, with zero: Relu6 has bounds [0, 6].
Range Clamp(Range range, Range bounds);
// How far the ends of two ranges lie apart, relative to the wider one: 0 for equal ranges, 1 when
// one end moved by a whole width. The stability of calibration: ranges from two halves of the data.
double RelativeDifference(Range a, Range b);

// Counts of the non-zero values by sign and magnitude. Bin i of a side holds the values with
// i * width <= |x| < (i + 1) * width, and the width is a power of two. So scaling is exact, and
// growing (merging neighbours in pairs) gives exactly the counts that the wider bins would have
// collected from the start: the histogram depends on the values alone, not on their order or on how
// they were split among observers.
//
// Resolution: once max|x| >= 2^-101, at least kBins / 2 bins lie between zero and max|x|.
class Histogram {
 public:
  static constexpr int kBinsLog2 = 12;
  static constexpr size_t kBins = size_t{1} << kBinsLog2;
  // 2^-100: below it, bins stop shrinking, so that the reciprocal of a width stays a finite float.
  static constexpr int kMinExponent = -100;
  // 1e30 < 2^100.
  static constexpr int kMaxExponent = 100;

  // The smallest exponent (not below kMinExponent) with magnitude < 2^exponent.
  static int ExponentFor(float magnitude);

  // The histogram covers magnitudes below 2^exponent().
  int exponent() const { return exponent_; }
  // Width of a bin: 2^(exponent - 12).
  double width() const;
  // kBins counts, or empty when the side holds no value.
  const std::vector<uint64_t>& positive() const { return positive_; }
  const std::vector<uint64_t>& negative() const { return negative_; }
  // The same, created as zeros when empty, for whoever fills them.
  std::vector<uint64_t>& MutableSide(bool negative);
  // Index behind the last non-empty bin of a side.
  size_t Used(bool negative) const;

  // Widens the bins until magnitudes below 2^exponent fit; no change when they do already.
  void Grow(int exponent);
  void Merge(const Histogram& other);
  bool operator==(const Histogram&) const = default;

 private:
  int exponent_ = kMinExponent;
  std::vector<uint64_t> positive_, negative_;
};

// The ranges of single batches (one Observe call is one batch), combined in two ways.
// ONNX Runtime's CalibMovingAverage takes the mean inside one collect_data call and the exponential
// average between such calls, with averaging_constant 0.01.
struct BatchRanges {
  static constexpr double kAveragingConstant = 0.01;
  uint64_t batches = 0;
  double first_min = 0, first_max = 0;
  // average += kAveragingConstant * (batch - average), starting at the first batch.
  double moving_min = 0, moving_max = 0;
  double sum_min = 0, sum_max = 0;

  void Add(double min, double max);
  // As if `next`'s batches had followed this one's.
  void Merge(const BatchRanges& next);
};

struct TensorStatistics {
  // Of the accepted values (finite, below kExtremeMagnitude); 0 when there is none.
  float min = 0;
  float max = 0;
  uint64_t count = 0;      // accepted values, zeros among them
  uint64_t zeros = 0;      // of either sign
  uint64_t nonfinite = 0;  // NaN and infinities: not accepted
  uint64_t extreme = 0;    // |x| >= kExtremeMagnitude: not accepted
  BatchRanges batches;
  bool has_histogram = false;
  Histogram histogram;  // of the non-zero accepted values

  Range range() const { return {min, max}; }
  double zero_ratio() const {
    return count == 0 ? 0.0 : static_cast<double>(zeros) / static_cast<double>(count);
  }
  // As if `next`'s values had been observed after this one's. Exact (the moving average up to
  // rounding). The histogram survives only when both sides collected one.
  void Merge(const TensorStatistics& next);
};

}  // namespace edgeopt::quant
