// The conversions are integer arithmetic on whole vectors, not the CPU's conversion instructions:
// those keep the payloads of NaNs, and older instruction sets have none.
#include "quant/fp16_range.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quant/fp16_range.cc"
#include "hwy/foreach_target.h"  // compiles this file once for each instruction set
#include "hwy/highway.h"
#include "quant/simd_tail-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeopt::quant::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Bits of floats that bound the classes; magnitudes of floats order like signed integers.
constexpr int32_t kInfinityBits = 0x7F800000;
constexpr int32_t kHalfMaxBits = 0x477FE000;        // 65504
constexpr int32_t kHalfInfinityBits = 0x477FF000;   // 65520: from here on rounding gives infinity
constexpr int32_t kHalfMinNormalBits = 0x38800000;  // 2^-14
constexpr int32_t kHalfMinBits = 0x33800000;        // 2^-24

void ToHalf(const float* HWY_RESTRICT values, size_t count, uint16_t* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  const size_t lanes = hn::Lanes(d);
  const auto one = hn::Set(di, 1);
  for (size_t i = 0; i < count; i += lanes) {
    const auto bits = hn::BitCast(di, LoadUpTo(d, values + i, count - i));
    const auto magnitude = hn::And(bits, hn::Set(di, 0x7FFFFFFF));
    const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(di, 0x8000));
    // Normal: rebias the exponent and round the mantissa half to even.
    const auto odd = hn::And(hn::ShiftRight<13>(magnitude), one);
    const auto normal =
        hn::ShiftRight<13>(hn::Add(hn::Add(magnitude, hn::Set(di, 0xFFF - 0x38000000)), odd));
    // Subnormal: adding 0.5 aligns the mantissa at 2^-24 and rounds it.
    const auto shifted = hn::Add(hn::BitCast(d, magnitude), hn::Set(d, 0.5f));
    const auto subnormal = hn::Sub(hn::BitCast(di, shifted), hn::Set(di, 0x3F000000));
    auto half =
        hn::IfThenElse(hn::Lt(magnitude, hn::Set(di, kHalfMinNormalBits)), subnormal, normal);
    half = hn::IfThenElse(hn::Lt(magnitude, hn::Set(di, kHalfInfinityBits)), half,
                          hn::Set(di, 0x7C00));
    half = hn::IfThenElse(hn::Gt(magnitude, hn::Set(di, kInfinityBits)), hn::Set(di, 0x7E00), half);
    StoreUpTo(hn::DemoteTo(d16, hn::Or(half, sign)), d16, to + i, count - i);
  }
}

void FromHalf(const uint16_t* HWY_RESTRICT halves, size_t count, float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < count; i += lanes) {
    const auto bits = hn::PromoteTo(di, LoadUpTo(d16, halves + i, count - i));
    const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(di, 0x8000)));
    const auto magnitude = hn::And(bits, hn::Set(di, 0x7FFF));
    const auto shifted = hn::ShiftLeft<13>(magnitude);
    const auto normal = hn::Add(shifted, hn::Set(di, 112 << 23));
    const auto special = hn::Or(shifted, hn::Set(di, kInfinityBits));
    // Below 2^-14 the mantissa counts units of 2^-24; the product is exact.
    const auto subnormal =
        hn::BitCast(di, hn::Mul(hn::ConvertTo(d, magnitude), hn::Set(d, kHalfMin)));
    auto result = hn::IfThenElse(hn::Lt(magnitude, hn::Set(di, 0x0400)), subnormal, normal);
    result = hn::IfThenElse(hn::Lt(magnitude, hn::Set(di, 0x7C00)), result, special);
    StoreUpTo(hn::BitCast(d, hn::Or(result, sign)), d, to + i, count - i);
  }
}

// Requires count <= 2^30, so that the lanes' counters don't overflow.
void Classify(const float* HWY_RESTRICT values, size_t count, HalfRange& range) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t lanes = hn::Lanes(d);
  auto nonfinite = hn::Zero(di), overflow = nonfinite, subnormal = nonfinite, underflow = nonfinite,
       largest = nonfinite;
  for (size_t i = 0; i < count; i += lanes) {
    const auto bits =
        hn::BitCast(di, hn::Abs(LoadUpTo(d, values + i, count - i)));  // zeros count nowhere
    // Counters of "at least": a true mask is -1. The classes are their differences.
    const auto is_finite = hn::Lt(bits, hn::Set(di, kInfinityBits));
    nonfinite = hn::Sub(nonfinite, hn::VecFromMask(di, hn::Not(is_finite)));
    overflow = hn::Sub(overflow, hn::VecFromMask(di, hn::Gt(bits, hn::Set(di, kHalfMaxBits))));
    subnormal = hn::Sub(subnormal,
                        hn::VecFromMask(di, hn::And(hn::Lt(bits, hn::Set(di, kHalfMinNormalBits)),
                                                    hn::Gt(bits, hn::Set(di, kHalfMinBits - 1)))));
    underflow =
        hn::Sub(underflow, hn::VecFromMask(di, hn::And(hn::Lt(bits, hn::Set(di, kHalfMinBits)),
                                                       hn::Gt(bits, hn::Zero(di)))));
    largest = hn::Max(largest, hn::IfThenElseZero(is_finite, bits));
  }
  const auto sum = [&](auto v) HWY_ATTR {
    return static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(di, v)));
  };
  range.count = count;
  range.nonfinite = sum(nonfinite);
  range.overflow = sum(overflow) - range.nonfinite;
  range.subnormal = sum(subnormal);
  range.underflow = sum(underflow);
  range.max_abs = hwy::HWY_NAMESPACE::GetLane(hn::BitCast(d, hn::MaxOfLanes(di, largest)));
}

}  // namespace edgeopt::quant::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeopt::quant {

HWY_EXPORT(ToHalf);
HWY_EXPORT(FromHalf);
HWY_EXPORT(Classify);

void HalfRange::Merge(const HalfRange& other) {
  count += other.count;
  nonfinite += other.nonfinite;
  overflow += other.overflow;
  subnormal += other.subnormal;
  underflow += other.underflow;
  max_abs = std::max(max_abs, other.max_abs);
}

HalfRange MeasureHalfRange(std::span<const float> values) {
  constexpr size_t kPiece = size_t{1} << 30;
  HalfRange total;
  for (size_t i = 0; i < values.size(); i += kPiece) {
    HalfRange piece;
    HWY_DYNAMIC_DISPATCH(Classify)(values.data() + i, std::min(kPiece, values.size() - i), piece);
    total.Merge(piece);
  }
  return total;
}

void FloatsToHalves(std::span<const float> values, uint16_t* to) {
  HWY_DYNAMIC_DISPATCH(ToHalf)(values.data(), values.size(), to);
}

void HalvesToFloats(std::span<const uint16_t> halves, float* to) {
  HWY_DYNAMIC_DISPATCH(FromHalf)(halves.data(), halves.size(), to);
}

}  // namespace edgeopt::quant
#endif  // HWY_ONCE
