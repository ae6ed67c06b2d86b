#include "ir/data_type.h"

#include <array>

namespace edgeopt::ir {
namespace {

struct Row {
  std::string_view name;
  int bits;
  bool floating_point, integer;
};

// Indexed by the enum's value.
constexpr std::array<Row, kLastDataType + 1> kRows = {{
    {"undefined", 0, false, false},     {"float32", 32, true, false},
    {"uint8", 8, false, true},          {"int8", 8, false, true},
    {"uint16", 16, false, true},        {"int16", 16, false, true},
    {"int32", 32, false, true},         {"int64", 64, false, true},
    {"string", 0, false, false},        {"bool", 8, false, false},
    {"float16", 16, true, false},       {"float64", 64, true, false},
    {"uint32", 32, false, true},        {"uint64", 64, false, true},
    {"complex64", 64, false, false},    {"complex128", 128, false, false},
    {"bfloat16", 16, true, false},      {"float8e4m3fn", 8, true, false},
    {"float8e4m3fnuz", 8, true, false}, {"float8e5m2", 8, true, false},
    {"float8e5m2fnuz", 8, true, false}, {"uint4", 4, false, true},
    {"int4", 4, false, true},           {"float4e2m1", 4, true, false},
    {"float8e8m0", 8, true, false},     {"uint2", 2, false, true},
    {"int2", 2, false, true},           {"float6e2m3", 6, true, false},
    {"float6e3m2", 6, true, false},
}};

const Row& RowOf(DataType type) {
  const auto index = static_cast<int32_t>(type);
  return kRows[index >= 0 && index <= kLastDataType ? index : 0];
}

}  // namespace

std::string_view Name(DataType type) { return RowOf(type).name; }
int BitsOf(DataType type) { return RowOf(type).bits; }
bool IsFloatingPoint(DataType type) { return RowOf(type).floating_point; }
bool IsInteger(DataType type) { return RowOf(type).integer; }

std::optional<DataType> DataTypeFromName(std::string_view name) {
  if (name == "float") return DataType::kFloat32;
  if (name == "double") return DataType::kFloat64;
  for (int32_t i = 0; i <= kLastDataType; ++i)
    if (kRows[i].name == name) return static_cast<DataType>(i);
  return std::nullopt;
}

}  // namespace edgeopt::ir
