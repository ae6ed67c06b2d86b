// Matrix products and attention.
#include <map>

#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

// A [..., M, K] times B [..., K, N]: each output element takes K products. K is read from B, which
// usually is a weight of known shape. (transB: com.microsoft.FusedMatMul.)
template <size_t kB>
std::optional<Work> MatMulCost(const Operands& operands) {
  const ir::Dims *b = operands.input(kB), *out = operands.output();
  if (!b || b->empty() || !out) return std::nullopt;
  const bool last = b->size() == 1 || operands.node.IntOr("transB", 0) != 0;
  const int64_t k = (*b)[b->size() - (last ? 1 : 2)];
  return Work{.macs = SaturatingMultiply(Elements(*out), k)};
}

// B [K, N], or [N, K] with transB.
template <size_t kB>
std::optional<Work> GemmCost(const Operands& operands) {
  const ir::Dims *b = operands.input(kB), *out = operands.output();
  if (!b || b->size() != 2 || !out) return std::nullopt;
  const int64_t k = (*b)[operands.node.IntOr("transB", 0) != 0 ? 1 : 0];
  return Work{.macs = SaturatingMultiply(Elements(*out), k)};
}

// com.microsoft.MatMulNBits: B is packed; the attributes K and N tell its shape.
std::optional<Work> MatMulNBitsCost(const Operands& operands) {
  const ir::Dims* out = operands.output();
  if (!out) return std::nullopt;
  return Work{.macs = SaturatingMultiply(Elements(*out), operands.node.IntOr("K", 0))};
}

// "bij,bjk->bik": the size of the space that all labels span, once per product.
std::optional<Work> EinsumCost(const Operands& operands) {
  const std::string equation = operands.node.StringOr("equation", "");
  if (equation.find('.') != std::string::npos) return std::nullopt;  // "..." hides labels
  std::map<char, int64_t> sizes;
  size_t operand = 0, axis = 0;
  for (const char c : equation.substr(0, equation.find("->"))) {
    if (c == ',') {
      ++operand;
      axis = 0;
    } else if (c != ' ') {
      const ir::Dims* dims = operands.input(operand);
      if (!dims || axis >= dims->size()) return std::nullopt;
      sizes[c] = (*dims)[axis++];
    }
  }
  int64_t space = 1;
  for (const auto& [label, size] : sizes) space = SaturatingMultiply(space, size);
  return operand == 0 ? Work{.other = space}
                      : Work{.macs = SaturatingMultiply(space, static_cast<int64_t>(operand))};
}

// Q [B, heads, L, E] or [B, L, heads * E]; K with S rows; V: scores take B * L * S * E per head,
// their product with V as many with V's size (ONNX operator Attention-23).
std::optional<Work> AttentionCost(const Operands& operands) {
  const ir::Dims *q = operands.input(0), *k = operands.input(1), *out = operands.output();
  if (!q || !k || !out || q->size() < 3 || k->size() < 3) return std::nullopt;
  const int64_t keys = (*k)[k->size() - 2];
  const int64_t both = SaturatingAdd(Elements(*q), Elements(*out));
  return Work{.macs = SaturatingMultiply(both, keys)};
}

int64_t LastAxis(const ir::Node&, int64_t rank) { return rank - 1; }
int64_t GemmAxis(const ir::Node& node, int64_t) { return node.IntOr("transB", 0) != 0 ? 0 : 1; }

constexpr std::string_view kAttention =
    "softmax inside; queries and keys often have outliers, and runtimes compute it in float";

constexpr Operator kRows[] = {
    {.type = "Attention", .cost = AttentionCost, .hard_to_quantize = kAttention},
    {.type = "Einsum",
     .cost = EinsumCost,
     .hard_to_quantize = "runtimes have no integer kernel for it"},
    {.type = "Gemm", .cost = GemmCost<1>, .weight_input = 1, .weight_axis = GemmAxis},
    {.type = "LinearAttention", .cost = AttentionCost, .hard_to_quantize = kAttention},
    {.type = "MatMul", .cost = MatMulCost<1>, .weight_input = 1, .weight_axis = LastAxis},
    {.type = "MatMulInteger", .cost = MatMulCost<1>, .weight_input = 1, .weight_axis = LastAxis},
    {.type = "QLinearMatMul", .cost = MatMulCost<3>, .weight_input = 3, .weight_axis = LastAxis},
    {.type = "DynamicQuantizeMatMul",
     .domain = "com.microsoft",
     .cost = MatMulCost<1>,
     .weight_input = 1,
     .weight_axis = LastAxis},
    {.type = "FusedGemm",
     .domain = "com.microsoft",
     .cost = GemmCost<1>,
     .weight_input = 1,
     .weight_axis = GemmAxis},
    {.type = "FusedMatMul",
     .domain = "com.microsoft",
     .cost = MatMulCost<1>,
     .weight_input = 1,
     .weight_axis = LastAxis},
    {.type = "MatMulIntegerToFloat",
     .domain = "com.microsoft",
     .cost = MatMulCost<1>,
     .weight_input = 1,
     .weight_axis = LastAxis},
    {.type = "MatMulNBits", .domain = "com.microsoft", .cost = MatMulNBitsCost, .weight_input = 1},
    {.type = "QGemm",
     .domain = "com.microsoft",
     .cost = GemmCost<3>,
     .weight_input = 3,
     .weight_axis = GemmAxis},
};

}  // namespace

Family matrix_product() { return {"matrix_product", kRows}; }

}  // namespace edgeopt::ops
