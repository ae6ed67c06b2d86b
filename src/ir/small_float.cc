#include "ir/small_float.h"

#include <cmath>
#include <cstdlib>
#include <limits>

namespace edgeopt::ir {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Sign, exponent and mantissa with subnormals and no special values.
float Decode(unsigned bits, int exponent_bits, int mantissa_bits, int bias) {
  const unsigned mantissa = bits & ((1u << mantissa_bits) - 1);
  const int exponent = static_cast<int>((bits >> mantissa_bits) & ((1u << exponent_bits) - 1));
  const bool negative = (bits >> (exponent_bits + mantissa_bits)) & 1u;
  const float magnitude = exponent == 0
                              ? std::ldexp(static_cast<float>(mantissa), 1 - bias - mantissa_bits)
                              : std::ldexp(static_cast<float>(mantissa + (1u << mantissa_bits)),
                                           exponent - bias - mantissa_bits);
  return negative ? -magnitude : magnitude;
}

}  // namespace

float SmallFloatToFloat(DataType type, unsigned bits) {
  switch (type) {
    case DataType::kFloat8E4M3FN:
      return (bits & 0x7F) == 0x7F ? kNan : Decode(bits, 4, 3, 7);
    case DataType::kFloat8E4M3FNUZ:
      return bits == 0x80 ? kNan : Decode(bits, 4, 3, 8);
    case DataType::kFloat8E5M2:
      if ((bits & 0x7F) == 0x7C) return bits & 0x80 ? -kInfinity : kInfinity;
      return (bits & 0x7F) > 0x7C ? kNan : Decode(bits, 5, 2, 15);
    case DataType::kFloat8E5M2FNUZ:
      return bits == 0x80 ? kNan : Decode(bits, 5, 2, 16);
    case DataType::kFloat8E8M0:
      return bits == 0xFF ? kNan : std::ldexp(1.0f, static_cast<int>(bits) - 127);
    case DataType::kFloat4E2M1:
      return Decode(bits & 0xF, 2, 1, 1);
    case DataType::kFloat6E2M3:
      return Decode(bits & 0x3F, 2, 3, 1);
    case DataType::kFloat6E3M2:
      return Decode(bits & 0x3F, 3, 2, 3);
    default:
      std::abort();  // our own bug: the callers pass only the types above
  }
}

}  // namespace edgeopt::ir
