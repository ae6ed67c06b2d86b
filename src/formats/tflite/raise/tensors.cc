#include "formats/tflite/raise/tensors.h"

#include <algorithm>

#include "formats/tflite/raise/sparse.h"
#include "formats/tflite/verify.h"

namespace edgeopt::formats::tflite::raise {
namespace {

using ir::DataType;
using schema::TensorType;

// A few stored elements can stand for any number of zeros: more of them than these for each are no
// weights (pruned networks have 50 to 99 percent).
constexpr int64_t kMostZeros = 256;
constexpr int64_t kSmallBytes = 1 << 20;

ir::Dims DimsOf(const schema::TensorT& tensor) {
  return {tensor.shape.begin(), tensor.shape.end()};
}

Status CheckSparse(const schema::TensorT& tensor, const Buffer& data) {
  if (BitsOf(tensor.type) < 8)
    return Unsupported("a sparse tensor of " + TypeName(tensor.type) + " elements");
  const auto& order = tensor.sparsity->traversal_order;
  if (!std::is_sorted(order.begin() + static_cast<std::ptrdiff_t>(tensor.shape.size()),
                      order.end()))
    return Unsupported("a sparse tensor whose blocks are traversed in another order than declared");
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(DimsOf(tensor)));
  const auto stored = static_cast<int64_t>(data.size());
  if (count > kMostZeros * stored + kSmallBytes)
    return Unsupported("a sparse tensor of " + std::to_string(count) +
                       " elements, which is too large to be made dense");
  return OkStatus();
}

// The integers that the type has.
std::pair<int64_t, int64_t> RangeOf(TensorType type) {
  const int bits = BitsOf(type);
  const bool is_unsigned = type == TensorType::UINT8 || type == TensorType::UINT16;
  return is_unsigned ? std::pair(int64_t{0}, (int64_t{1} << bits) - 1)
                     : std::pair(-(int64_t{1} << (bits - 1)), (int64_t{1} << (bits - 1)) - 1);
}

Status CheckZeroPoints(const schema::TensorT& tensor) {
  const auto [lowest, highest] = RangeOf(tensor.type);
  for (const int64_t zero_point : tensor.quantization->zero_point) {
    if (zero_point < lowest || zero_point > highest)
      return BadInput("its zero point " + std::to_string(zero_point) + " is no " +
                      TypeName(tensor.type));
    if (tensor.type == TensorType::INT4 && zero_point != 0)
      return Unsupported("a zero point of INT4 elements that is not 0");
  }
  return OkStatus();
}

}  // namespace

DataType DataTypeOf(TensorType type) {
  switch (type) {
    case TensorType::FLOAT32:
      return DataType::kFloat32;
    case TensorType::FLOAT16:
      return DataType::kFloat16;
    case TensorType::BFLOAT16:
      return DataType::kBfloat16;
    case TensorType::FLOAT64:
      return DataType::kFloat64;
    case TensorType::INT8:
      return DataType::kInt8;
    case TensorType::UINT8:
      return DataType::kUint8;
    case TensorType::INT16:
      return DataType::kInt16;
    case TensorType::UINT16:
      return DataType::kUint16;
    case TensorType::INT32:
      return DataType::kInt32;
    case TensorType::UINT32:
      return DataType::kUint32;
    case TensorType::INT64:
      return DataType::kInt64;
    case TensorType::UINT64:
      return DataType::kUint64;
    case TensorType::BOOL:
      return DataType::kBool;
    case TensorType::INT4:
      return DataType::kInt4;
    default:
      return DataType::kUndefined;
  }
}

ir::Shape ShapeOf(const schema::TensorT& tensor) {
  const bool has_signature = tensor.shape_signature.size() == tensor.shape.size();
  ir::Shape shape;
  for (const int32_t size : has_signature ? tensor.shape_signature : tensor.shape)
    shape.push_back(size < 0 ? ir::Dim{} : ir::Dim::Of(size));
  return shape;
}

bool IsQuantized(const schema::TensorT& tensor) {
  const int bits = BitsOf(tensor.type);
  return tensor.quantization && !tensor.quantization->scale.empty() && bits <= 16 &&
         ir::IsInteger(DataTypeOf(tensor.type));
}

std::vector<float> ScalesOf(const schema::TensorT& tensor) { return tensor.quantization->scale; }

std::vector<int64_t> ZeroPointsOf(const schema::TensorT& tensor) {
  const auto& zero_points = tensor.quantization->zero_point;
  if (zero_points.size() == tensor.quantization->scale.size()) return zero_points;
  return std::vector<int64_t>(tensor.quantization->scale.size(),
                              zero_points.empty() ? 0 : zero_points.front());
}

Status CheckTensor(const File& file, const schema::TensorT& tensor) {
  if (DataTypeOf(tensor.type) == DataType::kUndefined)
    return Unsupported("elements of type " + TypeName(tensor.type));
  if (tensor.external_buffer != 0) return Unsupported("data in a file of its own");
  if (tensor.quantization && tensor.quantization->details.value != nullptr)
    return Unsupported("scales of blocks or along several dimensions");
  const bool constant = internal::IsConstant(file, tensor);
  if (IsQuantized(tensor) && tensor.quantization->scale.size() > 1 &&
      (!constant || tensor.shape.empty()))
    return Unsupported("a scale per channel of what is not a constant");
  if (IsQuantized(tensor)) EDGEOPT_CHECK_OK(CheckZeroPoints(tensor));
  if (constant && tensor.sparsity) return CheckSparse(tensor, file.buffers[tensor.buffer]);
  return OkStatus();
}

std::optional<ir::Tensor> ConstantOf(const File& file, const schema::TensorT& tensor) {
  if (!internal::IsConstant(file, tensor)) return std::nullopt;
  const Buffer& data = file.buffers[tensor.buffer];
  auto made = ir::Tensor::Make(DataTypeOf(tensor.type), DimsOf(tensor),
                               tensor.sparsity ? Densified(tensor, data) : data);
  if (!made.ok()) return std::nullopt;  // Verify compared the sizes
  return std::move(*made);
}

}  // namespace edgeopt::formats::tflite::raise
