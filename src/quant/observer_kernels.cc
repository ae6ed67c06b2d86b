#include "quant/observer_kernels.h"

#include <algorithm>

#include "quant/statistics.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quant/observer_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once for each instruction set
#include "hwy/highway.h"
#include "quant/simd_tail-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeopt::quant::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Adds one vector to running minima, maxima, magnitudes and zero counts.
template <class D, class V = hn::Vec<D>, class VI = hn::Vec<hn::RebindToSigned<D>>>
HWY_INLINE void AddToScan(D d, V x, V& min, V& max, VI& magnitude, VI& zeros) {
  const hn::RebindToSigned<D> di;
  min = hn::Min(min, x);
  max = hn::Max(max, x);
  // Magnitudes of floats order like signed integers.
  magnitude = hn::Max(magnitude, hn::BitCast(di, hn::Abs(x)));
  // A true mask is -1.
  zeros = hn::Sub(zeros, hn::VecFromMask(di, hn::RebindMask(di, hn::Eq(x, hn::Zero(d)))));
}

// The index of each value's bin; zeros get bin 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE hn::Vec<hn::RebindToSigned<D>> IndexOf(D d, V x, V bins_per_unit) {
  const hn::RebindToSigned<D> di;
  // Truncation is the floor: magnitudes are not negative.
  const auto bin = hn::ConvertTo(di, hn::Mul(hn::Abs(x), bins_per_unit));
  const auto is_negative = hn::RebindMask(di, hn::Lt(x, hn::Zero(d)));
  const auto negative_side = hn::Set(di, static_cast<int32_t>(Histogram::kBins));
  return hn::Or(bin, hn::IfThenElseZero(is_negative, negative_side));
}

ScanResult Scan(const float* HWY_RESTRICT values, size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t lanes = hn::Lanes(d);
  // Two sets, which hide the latency of the comparisons.
  auto min_a = hn::Set(d, values[0]), min_b = min_a, max_a = min_a, max_b = min_a;
  auto magnitude_a = hn::Zero(di), magnitude_b = hn::Zero(di);
  auto zeros_a = hn::Zero(di), zeros_b = hn::Zero(di);
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    AddToScan(d, hn::LoadU(d, values + i), min_a, max_a, magnitude_a, zeros_a);
    AddToScan(d, hn::LoadU(d, values + i + lanes), min_b, max_b, magnitude_b, zeros_b);
  }
  // Missing lanes take the first value, so that they change no extreme; they add zeros if it is
  // one.
  const size_t missing = (lanes - (count - i) % lanes) % lanes;
  for (; i < count; i += lanes) {
    const auto x = LoadUpTo(d, values + i, count - i);
    const auto valid = hn::FirstN(d, std::min(lanes, count - i));
    AddToScan(d, hn::IfThenElse(valid, x, hn::Set(d, values[0])), min_a, max_a, magnitude_a,
              zeros_a);
  }
  ScanResult result;
  result.min = hn::GetLane(hn::MinOfLanes(d, hn::Min(min_a, min_b)));
  result.max = hn::GetLane(hn::MaxOfLanes(d, hn::Max(max_a, max_b)));
  result.max_magnitude_bits =
      static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, hn::Max(magnitude_a, magnitude_b))));
  result.zeros = static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(di, hn::Add(zeros_a, zeros_b)))) -
                 (values[0] == 0 ? static_cast<uint32_t>(missing) : 0);
  return result;
}

size_t BinIndices(const float* HWY_RESTRICT values, size_t count, float bins_per_unit,
                  [[maybe_unused]] bool zeros_many, uint16_t* HWY_RESTRICT indices) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, bins_per_unit);
  const auto zero = hn::Zero(d);
  const auto zero_bins = hn::Iota(di, static_cast<int32_t>(2 * Histogram::kBins));
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  // A register compress is one instruction here; elsewhere it costs more than counting the zeros.
  if (zeros_many) {
    size_t written = 0;
    for (size_t i = 0; i < count; i += lanes) {
      const auto x = LoadUpTo(d, values + i, count - i);
      const auto keep = hn::RebindMask(di, hn::Ne(x, zero));
      hn::StoreU(hn::DemoteTo(d16, hn::Compress(IndexOf(d, x, scale), keep)), d16,
                 indices + written);
      written += hn::CountTrue(di, keep);
    }
    return written;
  }
#endif
  for (size_t i = 0; i < count; i += lanes) {
    const auto x = LoadUpTo(d, values + i, count - i);
    const auto is_zero = hn::RebindMask(di, hn::Eq(x, zero));
    hn::StoreU(hn::DemoteTo(d16, hn::IfThenElse(is_zero, zero_bins, IndexOf(d, x, scale))), d16,
               indices + i);
  }
  return count;
}

}  // namespace edgeopt::quant::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeopt::quant {

HWY_EXPORT(Scan);
HWY_EXPORT(BinIndices);

ScanResult Scan(const float* values, size_t count) {
  return HWY_DYNAMIC_DISPATCH(Scan)(values, count);
}

size_t BinIndices(const float* values, size_t count, float bins_per_unit, bool zeros_many,
                  uint16_t* indices) {
  return HWY_DYNAMIC_DISPATCH(BinIndices)(values, count, bins_per_unit, zeros_many, indices);
}

}  // namespace edgeopt::quant
#endif  // HWY_ONCE
