#include "quant/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quant/similarity.cc"
#include "hwy/foreach_target.h"  // compiles this file once for each instruction set
#include "hwy/highway.h"
#include "quant/simd_tail-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeopt::quant::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums: reference^2, value^2, reference * value, (reference - value)^2, max |reference - value|.
void Sums(const float* HWY_RESTRICT reference, const float* HWY_RESTRICT value, size_t count,
          double* HWY_RESTRICT sums) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> d;
  const size_t lanes = hn::Lanes(dd);
  auto signal = hn::Zero(dd), energy = signal, product = signal, noise = signal, largest = signal;
  for (size_t i = 0; i < count; i += lanes) {
    // Zeros behind the end of both change no sum.
    const auto a = hn::PromoteTo(dd, LoadUpTo(d, reference + i, count - i));
    const auto b = hn::PromoteTo(dd, LoadUpTo(d, value + i, count - i));
    const auto error = hn::Sub(a, b);
    signal = hn::MulAdd(a, a, signal);
    energy = hn::MulAdd(b, b, energy);
    product = hn::MulAdd(a, b, product);
    noise = hn::MulAdd(error, error, noise);
    largest = hn::Max(largest, hn::Abs(error));
  }
  sums[0] = hn::GetLane(hn::SumOfLanes(dd, signal));
  sums[1] = hn::GetLane(hn::SumOfLanes(dd, energy));
  sums[2] = hn::GetLane(hn::SumOfLanes(dd, product));
  sums[3] = hn::GetLane(hn::SumOfLanes(dd, noise));
  sums[4] = hn::GetLane(hn::MaxOfLanes(dd, largest));
}

}  // namespace edgeopt::quant::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeopt::quant {

HWY_EXPORT(Sums);

void Similarity::Add(std::span<const float> reference, std::span<const float> value) {
  const size_t count = std::min(reference.size(), value.size());
  double sums[5];
  HWY_DYNAMIC_DISPATCH(Sums)(reference.data(), value.data(), count, sums);
  Similarity piece;
  piece.count_ = count;
  piece.signal_ = sums[0];
  piece.value_energy_ = sums[1];
  piece.product_ = sums[2];
  piece.noise_ = sums[3];
  // Vector maxima may drop a NaN; the sums never do.
  piece.max_abs_error_ = std::isnan(sums[3]) ? sums[3] : sums[4];
  Merge(piece);
}

void Similarity::Merge(const Similarity& other) {
  count_ += other.count_;
  signal_ += other.signal_;
  value_energy_ += other.value_energy_;
  product_ += other.product_;
  noise_ += other.noise_;
  if (std::isnan(other.max_abs_error_) || other.max_abs_error_ > max_abs_error_)
    max_abs_error_ = other.max_abs_error_;
}

double Similarity::sqnr_db() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (noise_ == 0) return kInfinity;
  if (signal_ == 0) return std::isnan(noise_) ? noise_ : -kInfinity;
  return 10 * std::log10(signal_ / noise_);
}

double Similarity::cosine() const {
  if (signal_ == 0 && value_energy_ == 0) return 1;
  if (signal_ == 0 || value_energy_ == 0) return 0;
  return product_ / (std::sqrt(signal_) * std::sqrt(value_energy_));
}

double Similarity::rmse() const {
  return count_ == 0 ? 0 : std::sqrt(noise_ / static_cast<double>(count_));
}

}  // namespace edgeopt::quant
#endif  // HWY_ONCE
