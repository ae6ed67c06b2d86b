#include "quant/statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace edgeopt::quant {

Range WithZero(Range range) { return {std::min(range.min, 0.0f), std::max(range.max, 0.0f)}; }

Range Clamp(Range range, Range bounds) {
  return WithZero({std::clamp(range.min, bounds.min, bounds.max),
                   std::clamp(range.max, bounds.min, bounds.max)});
}

double RelativeDifference(Range a, Range b) {
  const double width = std::max(double{a.max} - double{a.min}, double{b.max} - double{b.min});
  const double apart =
      std::max(std::abs(double{a.min} - double{b.min}), std::abs(double{a.max} - double{b.max}));
  if (apart == 0) return 0;
  return width > 0 ? apart / width : 1;
}

int Histogram::ExponentFor(float magnitude) {
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  if (magnitude == 0) return kMinExponent;
  return std::max(exponent, kMinExponent);
}

double Histogram::width() const { return std::ldexp(1.0, exponent_ - kBinsLog2); }

std::vector<uint64_t>& Histogram::MutableSide(bool negative) {
  auto& side = negative ? negative_ : positive_;
  if (side.empty()) side.assign(kBins, 0);
  return side;
}

size_t Histogram::Used(bool negative) const {
  const auto& side = negative ? negative_ : positive_;
  const auto last = std::find_if(side.rbegin(), side.rend(), [](uint64_t c) { return c != 0; });
  return static_cast<size_t>(side.rend() - last);
}

void Histogram::Grow(int exponent) {
  if (exponent <= exponent_) return;
  const int shift = std::min(exponent - exponent_, kBinsLog2);
  for (auto* side : {&positive_, &negative_}) {
    if (side->empty()) continue;
    // In place: a target bin never lies behind the bins that are still to be read.
    for (size_t i = 0; i < kBins; ++i) {
      const uint64_t moved = std::exchange((*side)[i], 0);
      (*side)[i >> shift] += moved;
    }
  }
  exponent_ = exponent;
}

void Histogram::Merge(const Histogram& other) {
  Grow(other.exponent_);
  const int shift = std::min(exponent_ - other.exponent_, kBinsLog2);
  for (const bool negative : {false, true}) {
    const auto& from = negative ? other.negative_ : other.positive_;
    if (from.empty()) continue;
    auto& to = MutableSide(negative);
    for (size_t i = 0; i < kBins; ++i) to[i >> shift] += from[i];
  }
}

void BatchRanges::Add(double min, double max) {
  if (batches++ == 0) {
    first_min = moving_min = min;
    first_max = moving_max = max;
  } else {
    moving_min += kAveragingConstant * (min - moving_min);
    moving_max += kAveragingConstant * (max - moving_max);
  }
  sum_min += min;
  sum_max += max;
}

void BatchRanges::Merge(const BatchRanges& next) {
  if (next.batches == 0) return;
  if (batches == 0) {
    *this = next;
    return;
  }
  // An average that starts at its first batch f is linear in its start: begun at s instead, n
  // batches end at average + (1 - c)^n * (s - f).
  const double decay = std::pow(1 - kAveragingConstant, static_cast<double>(next.batches));
  moving_min = next.moving_min + decay * (moving_min - next.first_min);
  moving_max = next.moving_max + decay * (moving_max - next.first_max);
  sum_min += next.sum_min;
  sum_max += next.sum_max;
  batches += next.batches;
}

void TensorStatistics::Merge(const TensorStatistics& next) {
  if (next.count > 0) {
    min = count > 0 ? std::min(min, next.min) : next.min;
    max = count > 0 ? std::max(max, next.max) : next.max;
  }
  count += next.count;
  zeros += next.zeros;
  nonfinite += next.nonfinite;
  extreme += next.extreme;
  batches.Merge(next.batches);
  has_histogram = has_histogram && next.has_histogram;
  if (has_histogram) {
    histogram.Merge(next.histogram);
  } else {
    histogram = Histogram();
  }
}

}  // namespace edgeopt::quant
