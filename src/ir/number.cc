#include "ir/number.h"

#include <limits>

namespace edgeopt::ir {
namespace {

template <typename T>
Tensor IntegerNumber(double value) {
  const bool fits = value >= static_cast<double>(std::numeric_limits<T>::min()) &&
                    value < static_cast<double>(std::numeric_limits<T>::max()) + 1;
  return Tensor::Scalar(static_cast<T>(fits ? value : 0));
}

}  // namespace

std::optional<Tensor> NumberOf(double value, DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return Tensor::Scalar(static_cast<float>(value));
    case DataType::kFloat64:
      return Tensor::Scalar(value);
    case DataType::kBool:
      return Tensor::Scalar(static_cast<bool>(value));
    case DataType::kInt8:
      return IntegerNumber<int8_t>(value);
    case DataType::kUint8:
      return IntegerNumber<uint8_t>(value);
    case DataType::kInt16:
      return IntegerNumber<int16_t>(value);
    case DataType::kUint16:
      return IntegerNumber<uint16_t>(value);
    case DataType::kInt32:
      return IntegerNumber<int32_t>(value);
    case DataType::kUint32:
      return IntegerNumber<uint32_t>(value);
    case DataType::kInt64:
      return IntegerNumber<int64_t>(value);
    case DataType::kUint64:
      return IntegerNumber<uint64_t>(value);
    default:
      return std::nullopt;
  }
}

}  // namespace edgeopt::ir
