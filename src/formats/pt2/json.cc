#include "formats/pt2/json.h"

#include <cmath>
#include <limits>

#include "formats/pt2/expression.h"

namespace edgeopt::formats::pt2 {
namespace {

using ir::DataType;

Error Expected(const std::string& what, const json& found) {
  return BadInput("expected " + what + ", found " + found.type_name());
}

}  // namespace

Result<const json*> MemberIfAny(const json& value, std::string_view key) {
  if (!value.is_object()) return Expected("an object", value);
  const auto found = value.find(key);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

Result<const json*> Member(const json& value, std::string_view key) {
  EDGEOPT_TRY(const json* member, MemberIfAny(value, key));
  if (member == nullptr) return BadInput("'" + std::string(key) + "' is missing");
  return member;
}

Result<const json*> ArrayAt(const json& value, std::string_view key) {
  EDGEOPT_TRY(const json* member, Member(value, key));
  if (!member->is_array()) return Expected("an array", *member).Within(key);
  return member;
}

Result<const json*> ObjectAt(const json& value, std::string_view key) {
  EDGEOPT_TRY(const json* member, Member(value, key));
  if (!member->is_object()) return Expected("an object", *member).Within(key);
  return member;
}

Result<std::string> ToText(const json& value) {
  if (!value.is_string()) return Expected("a string", value);
  return value.get_ref<const std::string&>();
}

Result<std::string> TextAt(const json& value, std::string_view key) {
  EDGEOPT_TRY(const json* member, Member(value, key));
  auto text = ToText(*member);
  if (!text.ok()) return text.error().Within(key);
  return text;
}

Result<int64_t> ToInt(const json& value) {
  if (!value.is_number_integer()) return Expected("an integer", value);
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (value.is_number_unsigned() && value.get<uint64_t>() > kMost)
    return BadInput("the integer " + value.dump() + " has more than 64 bits");
  return value.get<int64_t>();
}

Result<bool> ToBool(const json& value) {
  if (!value.is_boolean()) return Expected("a boolean", value);
  return value.get<bool>();
}

Result<double> ToDouble(const json& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (value.is_number()) return value.get<double>();
  if (value == "Infinity") return kInfinity;
  if (value == "-Infinity") return -kInfinity;
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return Expected("a number", value);
}

Result<std::pair<std::string_view, const json*>> ToUnion(const json& value) {
  if (!value.is_object()) return Expected("an object of one member", value);
  if (value.size() != 1)
    return BadInput("expected an object of one member, found " + std::to_string(value.size()));
  return std::pair<std::string_view, const json*>(value.begin().key(), &*value.begin());
}

Result<DataType> ToDataType(const json& value) {
  EDGEOPT_TRY(const int64_t number, ToInt(value));
  switch (number) {
    case 1:
      return DataType::kUint8;
    case 2:
      return DataType::kInt8;
    case 3:
      return DataType::kInt16;
    case 4:
      return DataType::kInt32;
    case 5:
      return DataType::kInt64;
    case 6:
      return DataType::kFloat16;
    case 7:
      return DataType::kFloat32;
    case 8:
      return DataType::kFloat64;
    case 10:
      return DataType::kComplex64;
    case 11:
      return DataType::kComplex128;
    case 12:
      return DataType::kBool;
    case 13:
      return DataType::kBfloat16;
    case 28:
      return DataType::kUint16;
    case 29:
      return DataType::kFloat8E4M3FN;
    case 30:
      return DataType::kFloat8E5M2;
    case 31:
      return DataType::kFloat8E4M3FNUZ;
    case 32:
      return DataType::kFloat8E5M2FNUZ;
    case 33:
      return DataType::kFloat8E8M0;
    case 34:
      return DataType::kUint32;
    case 35:
      return DataType::kUint64;
    default:
      return Unsupported("the element type with number " + std::to_string(number) +
                         " of the schema's ScalarType is not known");
  }
}

Result<ir::Dim> ToDim(const json& value) {
  EDGEOPT_TRY(const auto alternative, ToUnion(value));
  const auto& [kind, content] = alternative;
  if (kind == "as_int") {
    EDGEOPT_TRY(const int64_t size, ToInt(*content));
    if (size < 0) return BadInput("the size " + std::to_string(size) + " is negative");
    return ir::Dim::Of(size);
  }
  if (kind != "as_expr") return BadInput("expected a size, found '" + std::string(kind) + "'");
  EDGEOPT_TRY(const std::string text, TextAt(*content, "expr_str"));
  return ir::Dim::Symbol(PrettyExpression(text));
}

}  // namespace edgeopt::formats::pt2
