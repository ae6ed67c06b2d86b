// Small arrays of integers, as shape computations need them. Internal to ops.
#pragma once

#include <optional>
#include <vector>

#include "ir/tensor.h"
#include "ops/operator.h"

namespace edgeopt::ops {

constexpr int64_t kMostShapeElements = 1024;

// int64, int32 or bool elements, row major.
struct Array {
  ir::DataType type = ir::DataType::kInt64;
  ir::Dims dims;
  std::vector<int64_t> data;
};
using Evaluated = std::optional<Array>;  // nullopt: not known
using Arrays = std::vector<Evaluated>;

bool IsShapeType(ir::DataType type);
// nullopt for other types and for more than kMostShapeElements elements.
Evaluated FromTensor(const ir::Tensor& tensor);
ir::Tensor ToTensor(const Array& array);

// The axis counted from the front; nullopt when it is out of range.
std::optional<size_t> Axis(int64_t axis, size_t rank);
std::vector<int64_t> Strides(const ir::Dims& dims);
// NumPy's broadcasting; nullopt when the shapes don't fit.
std::optional<ir::Dims> BroadcastDims(const ir::Dims& a, const ir::Dims& b);
Evaluated BroadcastTo(const Array& source, const ir::Dims& dims);

// An array of shape `dims` whose element at each index comes from element pick(index) of `source`.
template <typename Pick>
Evaluated Picked(const Array& source, ir::Dims dims, Pick pick) {
  const int64_t count = Elements(dims);
  if (count > kMostShapeElements) return std::nullopt;
  Array out{source.type, std::move(dims), {}};
  std::vector<int64_t> index(out.dims.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    out.data.push_back(source.data[static_cast<size_t>(pick(index))]);
    for (size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < out.dims[axis]) break;
      index[axis] = 0;
    }
  }
  return out;
}

}  // namespace edgeopt::ops
