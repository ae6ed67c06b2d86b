#include "ops/shapes/array.h"

#include <algorithm>

namespace edgeopt::ops {

using ir::DataType;
using ir::Dims;

bool IsShapeType(DataType type) {
  return type == DataType::kInt64 || type == DataType::kInt32 || type == DataType::kBool;
}

Evaluated FromTensor(const ir::Tensor& tensor) {
  if (!IsShapeType(tensor.type()) || tensor.size() > kMostShapeElements) return std::nullopt;
  auto data = tensor.ToInts();
  if (!data.ok()) return std::nullopt;
  return Array{tensor.type(), tensor.dims(), std::move(*data)};
}

ir::Tensor ToTensor(const Array& array) {
  if (array.type == DataType::kInt64) return ir::Tensor::Of(array.dims, array.data);
  std::vector<std::byte> bytes;
  const auto narrow = [&]<typename T>(T) {
    for (const int64_t value : array.data) {
      const T element = static_cast<T>(value);
      const auto* first = reinterpret_cast<const std::byte*>(&element);
      bytes.insert(bytes.end(), first, first + sizeof element);
    }
  };
  if (array.type == DataType::kInt32)
    narrow(int32_t{});
  else
    narrow(uint8_t{});
  return ir::Tensor::Make(array.type, array.dims, Buffer::Own(std::move(bytes))).value();
}

std::optional<size_t> Axis(int64_t axis, size_t rank) {
  const auto size = static_cast<int64_t>(rank);
  if (axis < -size || axis >= size) return std::nullopt;
  return static_cast<size_t>(axis < 0 ? axis + size : axis);
}

std::vector<int64_t> Strides(const Dims& dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

std::optional<Dims> BroadcastDims(const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return std::nullopt;
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

Evaluated BroadcastTo(const Array& source, const Dims& dims) {
  const std::vector<int64_t> strides = Strides(source.dims);
  const size_t skipped = dims.size() - source.dims.size();
  return Picked(source, dims, [&](const std::vector<int64_t>& index) {
    int64_t at = 0;
    for (size_t i = 0; i < source.dims.size(); ++i)
      if (source.dims[i] != 1) at += index[i + skipped] * strides[i];
    return at;
  });
}

}  // namespace edgeopt::ops
