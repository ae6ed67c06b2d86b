// Element types: ONNX's own numbering (onnx.proto, TensorProto.DataType, ONNX 1.23).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace edgeopt::ir {

enum class DataType : int32_t {
  kUndefined = 0,
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
  kComplex64 = 14,
  kComplex128 = 15,
  kBfloat16 = 16,
  kFloat8E4M3FN = 17,
  kFloat8E4M3FNUZ = 18,
  kFloat8E5M2 = 19,
  kFloat8E5M2FNUZ = 20,
  kUint4 = 21,
  kInt4 = 22,
  kFloat4E2M1 = 23,
  kFloat8E8M0 = 24,
  kUint2 = 25,
  kInt2 = 26,
  kFloat6E2M3 = 27,
  kFloat6E3M2 = 28,
};
inline constexpr int32_t kLastDataType = 28;

// "float32", "int4", "float8e4m3fn"; ONNX's lower-case names except float -> float32, double ->
// float64.
std::string_view Name(DataType type);
// The type whose Name() this is, also "float" and "double".
std::optional<DataType> DataTypeFromName(std::string_view name);
// Bits of one element; 0 for strings and kUndefined.
int BitsOf(DataType type);
// IEEE-like types: float16/32/64, bfloat16 and the 8-, 6- and 4-bit float types.
bool IsFloatingPoint(DataType type);
bool IsInteger(DataType type);  // signed and unsigned, 2 to 64 bits; not bool

// The DataType of a C++ type; float16 and bfloat16 have none (stored as uint16_t).
template <typename T>
constexpr DataType DataTypeOf() = delete;
template <>
constexpr DataType DataTypeOf<float>() {
  return DataType::kFloat32;
}
template <>
constexpr DataType DataTypeOf<double>() {
  return DataType::kFloat64;
}
template <>
constexpr DataType DataTypeOf<int8_t>() {
  return DataType::kInt8;
}
template <>
constexpr DataType DataTypeOf<uint8_t>() {
  return DataType::kUint8;
}
template <>
constexpr DataType DataTypeOf<int16_t>() {
  return DataType::kInt16;
}
template <>
constexpr DataType DataTypeOf<uint16_t>() {
  return DataType::kUint16;
}
template <>
constexpr DataType DataTypeOf<int32_t>() {
  return DataType::kInt32;
}
template <>
constexpr DataType DataTypeOf<uint32_t>() {
  return DataType::kUint32;
}
template <>
constexpr DataType DataTypeOf<int64_t>() {
  return DataType::kInt64;
}
template <>
constexpr DataType DataTypeOf<uint64_t>() {
  return DataType::kUint64;
}
template <>
constexpr DataType DataTypeOf<bool>() {
  return DataType::kBool;
}

}  // namespace edgeopt::ir
