// In which order a value's elements lie in memory, and moving between two such orders.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace edgeopt::passes::layout {

// Axis i of the result is axis p[i] of the start: the `perm` of Transpose.
using Permutation = std::vector<int64_t>;

Permutation IdentityOf(int64_t rank);
Permutation InverseOf(const Permutation& p);
// p first, then q: axis i of the result is axis p[q[i]] of the start.
Permutation Composed(const Permutation& p, const Permutation& q);
// Element i of the result is element p[i] of `list`.
template <typename List>
List Permuted(const List& list, const Permutation& p) {
  List result;
  for (const int64_t i : p) result.push_back(list[static_cast<size_t>(i)]);
  return result;
}

// The memory layout of a tensor: memory axis i holds the logical (ONNX's) axis order[i].
struct Layout {
  Permutation order;  // empty: the axes lie as ONNX has them
  // Of a value [N, K] that is a flattened [N, parts...]: the elements of K lie as [N, parts...]
  // permuted by [0, 1 + parts_order...] and flattened. Only producer and consumers that agree on it
  // can use it; no single Transpose leads out of it. Empty for all other values.
  ir::Dims parts;
  Permutation parts_order;

  bool plain() const { return order.empty() && parts.empty(); }
  friend auto operator<=>(const Layout&, const Layout&) = default;
};
Layout LayoutOf(Permutation order);  // the identity becomes the plain layout
Permutation OrderOf(const Layout& layout, int64_t rank);
Layout ChannelsLast(int64_t rank);  // [N, C, spatial...] stored [N, spatial..., C]
// Where a logical axis lies in memory.
int64_t MemoryAxis(const Layout& layout, int64_t axis, int64_t rank);
// `perm` of the Transpose that takes memory in layout `from` to layout `to`. Requires no parts.
Permutation Conversion(const Layout& from, const Layout& to, int64_t rank);
// It moves axes of size 1 alone, so that the bytes stay as they are.
bool MovesOnlyOnes(const Layout& from, const Layout& to, const ir::Shape& shape);
// The type of the stored tensor, for the logical type.
ir::Type StoredType(ir::Type type, const Layout& layout);

}  // namespace edgeopt::passes::layout
