// How close an array is to a reference: signal-to-quantization-noise ratio and cosine similarity.
#pragma once

#include <cstdint>
#include <span>

namespace edgeopt::quant {

// Sums in double, streamed: Add() may be called for any number of pieces. NaN in either array makes
// the results NaN, infinity makes them NaN or infinite: they are not hidden.
class Similarity {
 public:
  // Both of the same length; a longer one is cut.
  void Add(std::span<const float> reference, std::span<const float> value);
  void Merge(const Similarity& other);

  uint64_t count() const { return count_; }
  // 10 log10(sum reference^2 / sum (reference - value)^2). Infinity for equal arrays, minus
  // infinity for a zero reference that is not met.
  double sqnr_db() const;
  // Sum reference * value / (|reference| |value|). 1 when both are all zero, 0 when one is.
  double cosine() const;
  double max_abs_error() const { return max_abs_error_; }
  // Square root of the mean squared error; 0 for no value.
  double rmse() const;

 private:
  uint64_t count_ = 0;
  double signal_ = 0, value_energy_ = 0, product_ = 0, noise_ = 0, max_abs_error_ = 0;
};

}  // namespace edgeopt::quant
