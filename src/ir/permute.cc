#include "ir/permute.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>

namespace edgeopt::ir {
namespace {

// Where the elements of the result come from.
struct Walk {
  Dims sizes;                  // of the result
  std::vector<int64_t> steps;  // elements of the source from one index to the next, per axis
};

Walk WalkOf(const Dims& dims, const std::vector<int64_t>& permutation) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  Walk walk;
  for (const int64_t axis : permutation) {
    walk.sizes.push_back(dims[static_cast<size_t>(axis)]);
    walk.steps.push_back(strides[static_cast<size_t>(axis)]);
  }
  return walk;
}

// Calls fn(index in the result, index in the source), both row-major, in the result's order.
template <typename Fn>
void ForEachMoved(const Walk& walk, int64_t count, Fn fn) {
  std::vector<int64_t> index(walk.sizes.size(), 0);
  int64_t source = 0;
  for (int64_t i = 0; i < count; ++i) {
    fn(i, source);
    for (size_t axis = index.size(); axis-- > 0;) {
      source += walk.steps[axis];
      if (++index[axis] < walk.sizes[axis]) break;
      source -= walk.steps[axis] * walk.sizes[axis];
      index[axis] = 0;
    }
  }
}

template <size_t kBytes>
void Move(const Walk& walk, int64_t count, const std::byte* source, std::byte* target) {
  ForEachMoved(walk, count, [&](int64_t to, int64_t from) {
    std::memcpy(target + static_cast<size_t>(to) * kBytes,
                source + static_cast<size_t>(from) * kBytes, kBytes);
  });
}

// Elements of 2, 4 and 6 bits are one stream of bits from the low bits up (StorageBytes). `target`
// is 0.
void MoveBits(const Walk& walk, int64_t count, int bits, const std::byte* source,
              std::byte* target) {
  ForEachMoved(walk, count, [&](int64_t to, int64_t from) {
    for (int i = 0; i < bits; ++i) {
      const auto at = static_cast<size_t>(from * bits + i),
                 put = static_cast<size_t>(to * bits + i);
      const auto bit = (source[at / 8] >> (at % 8)) & std::byte{1};
      target[put / 8] |= bit << (put % 8);
    }
  });
}

}  // namespace

Tensor Permuted(const Tensor& tensor, const std::vector<int64_t>& permutation) {
  const Walk walk = WalkOf(tensor.dims(), permutation);
  const int64_t count = tensor.size();
  if (tensor.type() == DataType::kString) {
    std::vector<std::string> strings(static_cast<size_t>(count));
    ForEachMoved(walk, count, [&](int64_t to, int64_t from) {
      strings[static_cast<size_t>(to)] = tensor.strings()[static_cast<size_t>(from)];
    });
    return Tensor::MakeStrings(walk.sizes, std::move(strings)).value();
  }
  const std::byte* source = tensor.data().data();
  std::vector<std::byte> bytes(tensor.data().size());
  switch (const int bits = BitsOf(tensor.type())) {
    case 8:
      Move<1>(walk, count, source, bytes.data());
      break;
    case 16:
      Move<2>(walk, count, source, bytes.data());
      break;
    case 32:
      Move<4>(walk, count, source, bytes.data());
      break;
    case 64:
      Move<8>(walk, count, source, bytes.data());
      break;
    case 128:
      Move<16>(walk, count, source, bytes.data());
      break;
    default:
      MoveBits(walk, count, bits, source, bytes.data());
  }
  return Tensor::Make(tensor.type(), walk.sizes, Buffer::Own(std::move(bytes))).value();
}

std::vector<std::vector<int64_t>> ChannelMoves(const Dims& from, const Dims& to) {
  if (from.size() != to.size()) return {};
  std::vector<int64_t> same(from.size());
  std::iota(same.begin(), same.end(), 0);
  std::vector<std::vector<int64_t>> candidates = {same};
  if (from.size() > 2) {
    candidates.resize(3, same);
    std::rotate(candidates[1].begin() + 1, candidates[1].begin() + 2, candidates[1].end());
    std::rotate(candidates[2].begin() + 1, candidates[2].end() - 1, candidates[2].end());
  }
  std::erase_if(candidates, [&](const std::vector<int64_t>& permutation) {
    for (size_t i = 0; i < to.size(); ++i) {
      const int64_t size = from[static_cast<size_t>(permutation[i])];
      if (size != to[i] && size != -1 && to[i] != -1) return true;
    }
    return false;
  });
  return candidates;
}

}  // namespace edgeopt::ir
