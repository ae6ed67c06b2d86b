// 32-bit floats to half precision and back in bulk, and what would be lost.
#pragma once

#include <cstdint>
#include <span>

namespace edgeopt::quant {

// The largest half, the smallest normal one, and the smallest one above zero.
inline constexpr float kHalfMax = 65504.0f;
inline constexpr float kHalfMinNormal = 6.103515625e-5f;   // 2^-14
inline constexpr float kHalfMin = 5.9604644775390625e-8f;  // 2^-24

struct HalfRange {
  uint64_t count = 0;
  uint64_t nonfinite = 0;  // NaN and infinities: they stay what they are
  uint64_t overflow = 0;   // finite, |x| > 65504
  uint64_t subnormal = 0;  // 2^-24 <= |x| < 2^-14: kept with fewer digits
  uint64_t underflow = 0;  // 0 < |x| < 2^-24: becomes zero or the smallest half
  float max_abs = 0;       // of the finite values

  void Merge(const HalfRange& other);
};

HalfRange MeasureHalfRange(std::span<const float> values);

// Bit-exact with base/half.h, on every instruction set. `to` has room for all values.
void FloatsToHalves(std::span<const float> values, uint16_t* to);
void HalvesToFloats(std::span<const uint16_t> halves, float* to);

}  // namespace edgeopt::quant
