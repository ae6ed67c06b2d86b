// Pools: each output element looks at a window of the input.
#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

std::optional<Work> WindowCost(const Operands& operands) {
  const ir::Dims* out = operands.output();
  if (!out) return std::nullopt;
  const int64_t window = Elements(operands.node.IntsOr("kernel_shape", {}));
  return Work{.other = SaturatingMultiply(Elements(*out), window)};
}

// Bilinear samples: 4 reads, 2 of them for each of sampling_ratio^2 points (0: about 2 per axis).
std::optional<Work> RoiAlignCost(const Operands& operands) {
  const ir::Dims* out = operands.output();
  if (!out) return std::nullopt;
  const int64_t ratio = operands.node.IntOr("sampling_ratio", 0);
  const int64_t points = ratio > 0 ? SaturatingMultiply(ratio, ratio) : 4;
  return Work{.other = SaturatingMultiply(Elements(*out), SaturatingMultiply(4, points))};
}

constexpr Operator kRows[] = {
    {.type = "AveragePool", .cost = WindowCost},
    {.type = "GlobalAveragePool", .cost = PerInput<1>},
    {.type = "GlobalLpPool", .cost = PerInput<2>},
    {.type = "GlobalMaxPool", .cost = PerInput<1>, .keeps_values = true},
    {.type = "LpPool", .cost = WindowCost},
    {.type = "MaxPool", .cost = WindowCost, .keeps_values = true},
    {.type = "MaxRoiPool", .cost = PerInput<1>, .keeps_values = true},
    {.type = "MaxUnpool", .cost = PerOutput<1>, .keeps_values = true},
    {.type = "RoiAlign", .cost = RoiAlignCost},
    {.type = "QLinearAveragePool", .domain = "com.microsoft", .cost = WindowCost},
    {.type = "QLinearGlobalAveragePool", .domain = "com.microsoft", .cost = PerInput<1>},
};

}  // namespace

Family pooling() { return {"pooling", kRows}; }

}  // namespace edgeopt::ops
