// Dense tensors: element type, dimensions, and immutable shared bytes in ONNX's raw_data layout.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/result.h"
#include "ir/data_type.h"

namespace edgeopt::ir {

using Dims = std::vector<int64_t>;
using Metadata = std::vector<std::pair<std::string, std::string>>;

// Product of the dimensions (1 for a scalar); BadInput on a negative dimension or on overflow.
Result<int64_t> ElementCount(const Dims& dims);
// Bytes of `count` elements in raw_data layout (onnx.proto, TensorProto.raw_data): little endian,
// row major; 2-, 4- and 6-bit elements are one stream of bits from the low bits up.
int64_t StorageBytes(DataType type, int64_t count);
// "[1, 3, 224, 224]".
std::string ToString(const Dims& dims);

// A value type; copies share the bytes. Invariant: data().size() == StorageBytes(type, size()), or
// for strings: strings().size() == size().
class Tensor {
 public:
  Tensor() = default;  // float32 of shape [0]
  // BadInput unless the buffer holds exactly the elements that `dims` promise.
  static Result<Tensor> Make(DataType type, Dims dims, Buffer data);
  static Result<Tensor> MakeStrings(Dims dims, std::vector<std::string> strings);
  // From values in memory; requires values.size() == product of dims.
  template <typename T>
  static Tensor Of(Dims dims, const std::vector<T>& values) {
    return Make(DataTypeOf<T>(), std::move(dims), Buffer::FromVector(values)).value();
  }
  template <typename T>
  static Tensor Scalar(T value) {
    return Make(DataTypeOf<T>(), {}, Buffer::Copy(&value, sizeof(T))).value();
  }
  static Tensor Zeros(DataType type, Dims dims);

  DataType type() const { return type_; }
  const Dims& dims() const { return dims_; }
  int64_t rank() const { return static_cast<int64_t>(dims_.size()); }
  int64_t size() const { return count_; }  // number of elements
  int64_t size_bytes() const;
  const Buffer& data() const { return data_; }
  const std::vector<std::string>& strings() const;

  // The elements; requires that T is the storage type (uint16_t for the 16-bit floats, uint8_t for
  // 8-bit floats and packed types, bool as uint8_t works too) and that the bytes are aligned for T
  // (Make copies unaligned buffers, so they are).
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_.data()), data_.size() / sizeof(T)};
  }
  // Elements converted to the wider type, any numeric type but complex. Unsupported for the others.
  Result<std::vector<float>> ToFloats() const;
  Result<std::vector<double>> ToDoubles() const;
  Result<std::vector<int64_t>> ToInts() const;  // integers and bool only
  // The same bytes under other dimensions of equal element count.
  Result<Tensor> Reshaped(Dims dims) const;
  // Bitwise equal type, dims and content.
  friend bool operator==(const Tensor& a, const Tensor& b);

  // Carried through for files: TensorProto.name, doc_string, metadata_props.
  std::string name, doc_string;
  Metadata metadata;

 private:
  DataType type_ = DataType::kFloat32;
  Dims dims_ = {0};
  int64_t count_ = 0;
  Buffer data_;
  std::shared_ptr<const std::vector<std::string>> strings_;
};

// COO form (onnx.proto, SparseTensorProto): values [NNZ]; indices [NNZ] linear or [NNZ, rank].
struct SparseTensor {
  Tensor values, indices;
  Dims dims;
  friend bool operator==(const SparseTensor&, const SparseTensor&) = default;
};

}  // namespace edgeopt::ir
