#include "ir/tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"
#include "ir/small_float.h"

namespace edgeopt::ir {
namespace {

const std::vector<std::string>& NoStrings() {
  static const std::vector<std::string> none;
  return none;
}

// Element `index` of a packed 2-, 4- or 6-bit tensor, not sign-extended.
unsigned Packed(std::span<const uint8_t> bytes, int bits, int64_t index) {
  const auto first_bit = static_cast<size_t>(index * bits);
  const size_t byte = first_bit / 8;
  unsigned two_bytes = bytes[byte];
  if (byte + 1 < bytes.size()) two_bytes |= static_cast<unsigned>(bytes[byte + 1]) << 8;
  return (two_bytes >> (first_bit % 8)) & ((1u << bits) - 1);
}

int SignExtend(unsigned value, int bits) {
  const unsigned sign = 1u << (bits - 1);
  return static_cast<int>(value ^ sign) - static_cast<int>(sign);
}

// Calls fn(i, value) for each element, value being the widest exact C++ number of that type.
// False when the type has no numeric value.
template <typename Fn>
bool ForEachElement(const Tensor& tensor, Fn fn) {
  const auto plain = [&]<typename T>(std::span<const T> values) {
    for (int64_t i = 0; i < tensor.size(); ++i) fn(i, values[static_cast<size_t>(i)]);
    return true;
  };
  const auto decoded = [&](auto decode) {
    for (int64_t i = 0; i < tensor.size(); ++i) fn(i, decode(i));
    return true;
  };
  const auto bytes = tensor.as<uint8_t>();
  const auto halves = tensor.as<uint16_t>();
  switch (tensor.type()) {
    case DataType::kFloat32:
      return plain(tensor.as<float>());
    case DataType::kFloat64:
      return plain(tensor.as<double>());
    case DataType::kInt8:
      return plain(tensor.as<int8_t>());
    case DataType::kUint8:
    case DataType::kBool:
      return plain(bytes);
    case DataType::kInt16:
      return plain(tensor.as<int16_t>());
    case DataType::kUint16:
      return plain(halves);
    case DataType::kInt32:
      return plain(tensor.as<int32_t>());
    case DataType::kUint32:
      return plain(tensor.as<uint32_t>());
    case DataType::kInt64:
      return plain(tensor.as<int64_t>());
    case DataType::kUint64:
      return plain(tensor.as<uint64_t>());
    case DataType::kFloat16:
      return decoded([&](int64_t i) { return HalfToFloat(halves[i]); });
    case DataType::kBfloat16:
      return decoded([&](int64_t i) { return Bfloat16ToFloat(halves[i]); });
    case DataType::kUint4:
      return decoded([&](int64_t i) { return Packed(bytes, 4, i); });
    case DataType::kUint2:
      return decoded([&](int64_t i) { return Packed(bytes, 2, i); });
    case DataType::kInt4:
      return decoded([&](int64_t i) { return SignExtend(Packed(bytes, 4, i), 4); });
    case DataType::kInt2:
      return decoded([&](int64_t i) { return SignExtend(Packed(bytes, 2, i), 2); });
    case DataType::kFloat4E2M1:
      return decoded(
          [&](int64_t i) { return SmallFloatToFloat(tensor.type(), Packed(bytes, 4, i)); });
    case DataType::kFloat8E4M3FN:
    case DataType::kFloat8E4M3FNUZ:
    case DataType::kFloat8E5M2:
    case DataType::kFloat8E5M2FNUZ:
    case DataType::kFloat8E8M0:
      return decoded([&](int64_t i) { return SmallFloatToFloat(tensor.type(), bytes[i]); });
    case DataType::kFloat6E2M3:
    case DataType::kFloat6E3M2:
      return decoded(
          [&](int64_t i) { return SmallFloatToFloat(tensor.type(), Packed(bytes, 6, i)); });
    case DataType::kString:
    case DataType::kComplex64:
    case DataType::kComplex128:
    case DataType::kUndefined:
      return false;
  }
  return false;
}

template <typename To>
Result<std::vector<To>> Converted(const Tensor& tensor) {
  std::vector<To> out(static_cast<size_t>(tensor.size()));
  const bool numeric = ForEachElement(tensor, [&](int64_t i, auto value) {
    // An int8 is a number here. NOLINTNEXTLINE(bugprone-signed-char-misuse)
    out[static_cast<size_t>(i)] = static_cast<To>(value);
  });
  if (!numeric)
    return Unsupported("a tensor of type " + std::string(Name(tensor.type())) +
                       " has no numeric values");
  return out;
}

}  // namespace

Result<int64_t> ElementCount(const Dims& dims) {
  int64_t count = 1;
  bool empty = false;
  for (const int64_t dim : dims) {
    if (dim < 0) return BadInput("negative dimension in " + ToString(dims));
    if (dim == 0)
      empty = true;
    else if (__builtin_mul_overflow(count, dim, &count))
      return BadInput("the dimensions " + ToString(dims) + " overflow 64 bits");
  }
  // Bits of the widest element, so that no later size computation overflows.
  if (!empty && count > std::numeric_limits<int64_t>::max() / 128)
    return BadInput("the dimensions " + ToString(dims) + " overflow 64 bits");
  return empty ? 0 : count;
}

int64_t StorageBytes(DataType type, int64_t count) { return (count * BitsOf(type) + 7) / 8; }

std::string ToString(const Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

Result<Tensor> Tensor::Make(DataType type, Dims dims, Buffer data) {
  EDGEOPT_TRY(const int64_t count, ElementCount(dims));
  if (BitsOf(type) == 0)
    return Unsupported("a dense tensor of type " + std::string(Name(type)) + " holds no raw bytes");
  const int64_t expected = StorageBytes(type, count);
  if (static_cast<uint64_t>(expected) != data.size())
    return BadInput("a " + std::string(Name(type)) + " tensor of shape " + ToString(dims) +
                    " needs " + std::to_string(expected) + " bytes, found " +
                    std::to_string(data.size()));
  Tensor tensor;
  tensor.type_ = type;
  tensor.dims_ = std::move(dims);
  tensor.count_ = count;
  const bool aligned =
      reinterpret_cast<uintptr_t>(data.data()) % 8 == 0 ||
      reinterpret_cast<uintptr_t>(data.data()) % std::max(1, std::min(8, BitsOf(type) / 8)) == 0;
  tensor.data_ = aligned ? std::move(data) : Buffer::Copy(data.data(), data.size());
  return tensor;
}

Result<Tensor> Tensor::MakeStrings(Dims dims, std::vector<std::string> strings) {
  EDGEOPT_TRY(const int64_t count, ElementCount(dims));
  if (static_cast<uint64_t>(count) != strings.size())
    return BadInput("a string tensor of shape " + ToString(dims) + " needs " +
                    std::to_string(count) + " strings, found " + std::to_string(strings.size()));
  Tensor tensor;
  tensor.type_ = DataType::kString;
  tensor.dims_ = std::move(dims);
  tensor.count_ = count;
  tensor.strings_ = std::make_shared<const std::vector<std::string>>(std::move(strings));
  return tensor;
}

Tensor Tensor::Zeros(DataType type, Dims dims) {
  const int64_t count = ElementCount(dims).value();
  std::vector<std::byte> zeros(static_cast<size_t>(StorageBytes(type, count)));
  return Make(type, std::move(dims), Buffer::Own(std::move(zeros))).value();
}

int64_t Tensor::size_bytes() const {
  if (type_ != DataType::kString) return static_cast<int64_t>(data_.size());
  int64_t total = 0;
  for (const std::string& text : strings()) total += static_cast<int64_t>(text.size());
  return total;
}

const std::vector<std::string>& Tensor::strings() const {
  return strings_ ? *strings_ : NoStrings();
}

Result<std::vector<float>> Tensor::ToFloats() const { return Converted<float>(*this); }
Result<std::vector<double>> Tensor::ToDoubles() const { return Converted<double>(*this); }

Result<std::vector<int64_t>> Tensor::ToInts() const {
  if (!IsInteger(type_) && type_ != DataType::kBool)
    return Unsupported("a tensor of type " + std::string(Name(type_)) +
                       " is not an integer tensor");
  return Converted<int64_t>(*this);
}

Result<Tensor> Tensor::Reshaped(Dims dims) const {
  EDGEOPT_TRY(const int64_t count, ElementCount(dims));
  if (count != count_)
    return BadInput("can't reshape " + ToString(dims_) + " to " + ToString(dims));
  Tensor copy = *this;
  copy.dims_ = std::move(dims);
  return copy;
}

bool operator==(const Tensor& a, const Tensor& b) {
  if (a.type_ != b.type_ || a.dims_ != b.dims_) return false;
  if (a.type_ == DataType::kString) return a.strings() == b.strings();
  return a.data_.size() == b.data_.size() &&
         (a.data_.empty() || std::memcmp(a.data_.data(), b.data_.data(), a.data_.size()) == 0);
}

}  // namespace edgeopt::ir
