#include "quant/scheme.h"

#include <utility>

namespace edgeopt::quant {
namespace {

constexpr std::pair<QuantType, std::string_view> kNames[] = {
    {QuantType::kInt8, "int8"},     {QuantType::kUint8, "uint8"}, {QuantType::kInt16, "int16"},
    {QuantType::kUint16, "uint16"}, {QuantType::kInt4, "int4"},   {QuantType::kUint4, "uint4"}};

}  // namespace

std::string_view Name(QuantType type) {
  for (const auto& [known, name] : kNames)
    if (known == type) return name;
  return {};
}

std::optional<QuantType> QuantTypeFromName(std::string_view name) {
  for (const auto& [type, known] : kNames)
    if (known == name) return type;
  return std::nullopt;
}

Limits LimitsOf(QuantType type) {
  const int32_t values = 1 << BitsOf(type);
  if (IsSigned(type)) return {-values / 2, values / 2 - 1};
  return {0, values - 1};
}

Limits LimitsOf(const Scheme& scheme) {
  Limits limits = LimitsOf(scheme.type);
  if (scheme.reduced_range) {
    const int32_t half = 1 << (BitsOf(scheme.type) - 1);
    if (!IsSigned(scheme.type)) {
      limits = {0, half - 1};
    } else {
      // ONNX Runtime keeps the upper end for 8 and 16 bits; a 4-bit type has too few values for it.
      const bool four = BitsOf(scheme.type) == 4;
      limits = {-half / 2, four ? half / 2 - 1 : half / 2};
    }
  }
  if (scheme.narrow_range) limits.qmin = IsSigned(scheme.type) ? -limits.qmax : limits.qmin + 1;
  return limits;
}

}  // namespace edgeopt::quant
