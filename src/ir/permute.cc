#include "ir/permute.h"

#include <cstring>

namespace edgeopt::ir {
namespace {

// Copies elements of kBytes bytes; `strides` are the source's, in elements, in the target's order.
template <size_t kBytes>
void CopyPermuted(const std::byte* source, std::byte* target, const Dims& dims,
                  const std::vector<int64_t>& strides) {
  const size_t rank = dims.size();
  const int64_t inner = dims[rank - 1], step = strides[rank - 1] * static_cast<int64_t>(kBytes);
  Dims index(rank, 0);
  const std::byte* row = source;
  while (true) {
    for (int64_t i = 0; i < inner; ++i, target += kBytes)
      std::memcpy(target, row + i * step, kBytes);
    size_t axis = rank - 1;
    for (; axis > 0; --axis) {
      const int64_t stride = strides[axis - 1] * static_cast<int64_t>(kBytes);
      row += stride;
      if (++index[axis - 1] < dims[axis - 1]) break;
      row -= stride * dims[axis - 1];
      index[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

}  // namespace

Result<Tensor> Permuted(const Tensor& tensor, const std::vector<int64_t>& permutation) {
  const int bits = BitsOf(tensor.type());
  if (bits == 0 || bits % 8 != 0)
    return Unsupported("tensors of " + std::string(Name(tensor.type())) + " can't be transposed");
  std::vector<int64_t> own(permutation.size(), 1);
  for (size_t axis = own.size(); axis-- > 1;) own[axis - 1] = own[axis] * tensor.dims()[axis];
  Dims dims;
  std::vector<int64_t> strides;
  for (const int64_t axis : permutation) {
    dims.push_back(tensor.dims()[static_cast<size_t>(axis)]);
    strides.push_back(own[static_cast<size_t>(axis)]);
  }
  if (tensor.size() == 0 || dims.empty()) return tensor.Reshaped(std::move(dims));
  std::vector<std::byte> bytes(tensor.data().size());
  const std::byte* source = tensor.data().data();
  switch (bits) {
    case 8:
      CopyPermuted<1>(source, bytes.data(), dims, strides);
      break;
    case 16:
      CopyPermuted<2>(source, bytes.data(), dims, strides);
      break;
    case 32:
      CopyPermuted<4>(source, bytes.data(), dims, strides);
      break;
    case 64:
      CopyPermuted<8>(source, bytes.data(), dims, strides);
      break;
    default:
      CopyPermuted<16>(source, bytes.data(), dims, strides);
      break;
  }
  return Tensor::Make(tensor.type(), std::move(dims), Buffer::Own(std::move(bytes)));
}

}  // namespace edgeopt::ir
