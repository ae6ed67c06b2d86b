#include "measure/json_fields.h"

namespace edgeopt::measure {

using nlohmann::json;

Result<Fields> Fields::Of(const json& object, std::string where) {
  if (!object.is_object()) return BadInput(where + " is not an object");
  return Fields(object, std::move(where));
}

Error Fields::Wrong(const char* name, const std::string& expected) const {
  return BadInput(where_ + ": '" + name + "' is not " + expected);
}

Result<const json*> Fields::Find(const char* name, const char* kind) {
  known_.insert(name);
  const auto found = object_->find(name);
  if (found == object_->end())
    return BadInput(where_ + ": '" + name + "' is missing (" + kind + ")");
  return &*found;
}

Result<std::string> Fields::Text(const char* name) {
  EDGEOPT_TRY(const json* value, Find(name, "text"));
  if (!value->is_string()) return Wrong(name, "a text");
  return value->get<std::string>();
}

Result<int64_t> Fields::Integer(const char* name, int64_t min, int64_t max) {
  EDGEOPT_TRY(const json* value, Find(name, "an integer"));
  if (const auto number = IntegerIn(*value, min, max)) return *number;
  return Wrong(name, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<double> Fields::Number(const char* name, double min, double max) {
  EDGEOPT_TRY(const json* value, Find(name, "a number"));
  if (value->is_number()) {
    const auto number = value->get<double>();
    if (number >= min && number <= max) return number;
  }
  return Wrong(name, "a number from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<bool> Fields::Bool(const char* name) {
  EDGEOPT_TRY(const json* value, Find(name, "true or false"));
  if (!value->is_boolean()) return Wrong(name, "true or false");
  return value->get<bool>();
}

Result<const json*> Fields::Array(const char* name) {
  EDGEOPT_TRY(const json* value, Find(name, "an array"));
  if (!value->is_array()) return Wrong(name, "an array");
  return value;
}

Result<const json*> Fields::Object(const char* name) {
  EDGEOPT_TRY(const json* value, Find(name, "an object"));
  if (!value->is_object()) return Wrong(name, "an object");
  return value;
}

Status Fields::Finish() const {
  for (const auto& [name, value] : object_->items())
    if (!known_.contains(name)) return BadInput(where_ + ": unknown field '" + name + "'");
  return OkStatus();
}

std::optional<int64_t> IntegerIn(const json& value, int64_t min, int64_t max) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return std::nullopt;
  const auto number = value.get<int64_t>();
  if (number < min || number > max) return std::nullopt;
  return number;
}

std::string Line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace edgeopt::measure
