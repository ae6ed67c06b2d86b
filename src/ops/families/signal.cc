// Fourier transforms. A transform of length n takes about 2.5 n log2 n complex operations; ONNX
// Runtime computes lengths that are no power of two by Bluestein's detour, which this ignores.
#include <algorithm>
#include <bit>

#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

int64_t TransformCost(int64_t length) {
  const auto log2 = static_cast<int64_t>(std::bit_width(static_cast<uint64_t>(length)));
  return SaturatingMultiply(SaturatingMultiply(length, log2), 5) / 2;
}

// The second-last axis of the output holds the frequencies; the last one real and imaginary parts.
std::optional<Work> FourierCost(const Operands& operands) {
  const ir::Dims* out = operands.output();
  if (!out || out->size() < 2) return std::nullopt;
  const int64_t length = (*out)[out->size() - 2];
  if (length == 0) return Work{};
  const int64_t transforms = Elements(*out) / length / std::max<int64_t>(out->back(), 1);
  return Work{.other = SaturatingMultiply(transforms, TransformCost(length))};
}

constexpr std::string_view kWhy = "a transform spans a dynamic range that 8 bits do not hold";

constexpr Operator kRows[] = {
    {.type = "DFT", .cost = FourierCost, .hard_to_quantize = kWhy},
    {.type = "STFT", .cost = FourierCost, .hard_to_quantize = kWhy},
};

}  // namespace

Family signal() { return {"signal", kRows}; }

}  // namespace edgeopt::ops
