// Reading of JSON that anybody may have written: every access is checked. Internal to formats/pt2.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "ir/data_type.h"
#include "ir/type.h"

namespace edgeopt::formats::pt2 {

using nlohmann::json;

// A member of an object, by reference. BadInput when `value` is no object or has none.
Result<const json*> Member(const json& value, std::string_view key);
// The same, nullptr when it is absent or null.
Result<const json*> MemberIfAny(const json& value, std::string_view key);
// The member as an array or an object.
Result<const json*> ArrayAt(const json& value, std::string_view key);
Result<const json*> ObjectAt(const json& value, std::string_view key);
Result<std::string> TextAt(const json& value, std::string_view key);
Result<std::string> ToText(const json& value);
Result<int64_t> ToInt(const json& value);
Result<bool> ToBool(const json& value);
// The exporter writes "Infinity", "-Infinity" and "NaN" as strings.
Result<double> ToDouble(const json& value);
// A union of the schema: an object of one member, whose name says which alternative it is.
Result<std::pair<std::string_view, const json*>> ToUnion(const json& value);

// The schema's ScalarType. Unsupported for complex half floats and types that it did not have.
Result<ir::DataType> ToDataType(const json& value);
// The schema's SymInt: a size or an expression as symbol. BadInput for a negative size.
Result<ir::Dim> ToDim(const json& value);

}  // namespace edgeopt::formats::pt2
