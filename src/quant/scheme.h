// How real values become small integers: the integer type and the part of it that is used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgeopt::quant {

enum class QuantType { kInt8, kUint8, kInt16, kUint16, kInt4, kUint4 };

// "int8", "uint4" ...
std::string_view Name(QuantType type);
std::optional<QuantType> QuantTypeFromName(std::string_view name);
constexpr bool IsSigned(QuantType type) {
  return type == QuantType::kInt8 || type == QuantType::kInt16 || type == QuantType::kInt4;
}
constexpr int BitsOf(QuantType type) {
  switch (type) {
    case QuantType::kInt4:
    case QuantType::kUint4:
      return 4;
    case QuantType::kInt8:
    case QuantType::kUint8:
      return 8;
    case QuantType::kInt16:
    case QuantType::kUint16:
      return 16;
  }
  return 0;
}

struct Scheme {
  QuantType type = QuantType::kUint8;
  // The zero point is the middle of the type, whatever the range: 0 for signed types.
  bool symmetric = false;
  // One bit less (int8: [-64, 64], uint8: [0, 127]), for x86 without VNNI, where the sum of two
  // 8-bit products saturates at 16 bits. The bounds are ONNX Runtime's.
  bool reduced_range = false;
  // Leaves out the lowest value, so that the integers are as symmetric as the reals:
  // int8 [-127, 127].
  bool narrow_range = false;
  bool operator==(const Scheme&) const = default;
};

// Weights: symmetric int8 in [-127, 127].
inline constexpr Scheme kInt8WeightScheme{QuantType::kInt8, true, false, true};
// Activations of 16 bits: symmetric int16 in [-32767, 32767].
inline constexpr Scheme kInt16ActivationScheme{QuantType::kInt16, true, false, true};

struct Limits {
  int32_t qmin = 0;
  int32_t qmax = 0;
  bool operator==(const Limits&) const = default;
};

// The integers of a type, and those that a scheme uses.
Limits LimitsOf(QuantType type);
Limits LimitsOf(const Scheme& scheme);

}  // namespace edgeopt::quant
