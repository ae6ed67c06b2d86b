#include "passes/layout/layout.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

namespace edgeopt::passes::layout {
namespace {

// Copies bits [from, from + count) of `source` to bit `to` of `target`, which is 0 there. Elements
// of 2, 4 and 6 bits are one stream of bits from the low bits up (ir::StorageBytes).
void CopyBits(const std::byte* source, int64_t from, std::vector<std::byte>& target, int64_t to,
              int count) {
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(from + i), put = static_cast<size_t>(to + i);
    const auto bit = (source[at / 8] >> (at % 8)) & std::byte{1};
    target[put / 8] |= bit << (put % 8);
  }
}

// Calls fn(index in the result, index in the source), both row-major, in the result's order.
template <typename Fn>
void ForEachMoved(const ir::Dims& dims, const Permutation& p, Fn fn) {
  const size_t rank = dims.size();
  std::vector<int64_t> strides(rank, 1);
  for (size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  const ir::Dims sizes = Permuted(dims, p), steps = Permuted(strides, p);
  const int64_t count = ir::ElementCount(dims).value();
  std::vector<int64_t> index(rank, 0);
  int64_t source = 0;
  for (int64_t i = 0; i < count; ++i) {
    fn(i, source);
    for (size_t axis = rank; axis-- > 0;) {
      source += steps[axis];
      if (++index[axis] < sizes[axis]) break;
      source -= steps[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

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

ir::Tensor PermutedTensor(const ir::Tensor& tensor, const Permutation& p) {
  const ir::Dims dims = Permuted(tensor.dims(), p);
  if (tensor.type() == ir::DataType::kString) {
    std::vector<std::string> strings(static_cast<size_t>(tensor.size()));
    ForEachMoved(tensor.dims(), p, [&](int64_t to, int64_t from) {
      strings[static_cast<size_t>(to)] = tensor.strings()[static_cast<size_t>(from)];
    });
    return ir::Tensor::MakeStrings(dims, std::move(strings)).value();
  }
  const std::byte* source = tensor.data().data();
  std::vector<std::byte> bytes(tensor.data().size());
  const int bits = ir::BitsOf(tensor.type());
  const auto width = static_cast<size_t>(bits / 8);
  ForEachMoved(tensor.dims(), p, [&](int64_t to, int64_t from) {
    if (bits % 8 != 0) return CopyBits(source, from * bits, bytes, to * bits, bits);
    std::memcpy(bytes.data() + static_cast<size_t>(to) * width,
                source + static_cast<size_t>(from) * width, width);
  });
  return ir::Tensor::Make(tensor.type(), dims, Buffer::Own(std::move(bytes))).value();
}

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
