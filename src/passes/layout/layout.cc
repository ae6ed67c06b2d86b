#include "passes/layout/layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace edgeopt::passes::layout {
Permutation IdentityOf(int64_t rank) {
  Permutation identity(static_cast<size_t>(rank));
  std::iota(identity.begin(), identity.end(), 0);
  return identity;
}

Permutation InverseOf(const Permutation& p) {
  Permutation inverse(p.size());
  for (size_t i = 0; i < p.size(); ++i)
    inverse[static_cast<size_t>(p[i])] = static_cast<int64_t>(i);
  return inverse;
}

Permutation Composed(const Permutation& p, const Permutation& q) { return Permuted(p, q); }

Layout LayoutOf(Permutation order) {
  if (std::is_sorted(order.begin(), order.end())) order.clear();
  return {std::move(order), {}, {}};
}

Permutation OrderOf(const Layout& layout, int64_t rank) {
  return layout.order.empty() ? IdentityOf(rank) : layout.order;
}

Layout ChannelsLast(int64_t rank) {
  Permutation order = IdentityOf(rank);
  if (rank > 2) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return LayoutOf(std::move(order));
}

int64_t MemoryAxis(const Layout& layout, int64_t axis, int64_t rank) {
  return InverseOf(OrderOf(layout, rank))[static_cast<size_t>(axis)];
}

Permutation Conversion(const Layout& from, const Layout& to, int64_t rank) {
  return Permuted(InverseOf(OrderOf(from, rank)), OrderOf(to, rank));
}

bool MovesOnlyOnes(const Layout& from, const Layout& to, const ir::Shape& shape) {
  if (!from.parts.empty() || !to.parts.empty()) return from == to;
  const auto rank = static_cast<int64_t>(shape.size());
  const auto others = [&](const Layout& layout) {
    Permutation axes = OrderOf(layout, rank);
    std::erase_if(axes, [&](int64_t axis) { return shape[static_cast<size_t>(axis)].value == 1; });
    return axes;
  };
  return others(from) == others(to);
}

ir::Type StoredType(ir::Type type, const Layout& layout) {
  if (type.shape && !layout.order.empty()) type.shape = Permuted(*type.shape, layout.order);
  return type;
}

}  // namespace edgeopt::passes::layout
