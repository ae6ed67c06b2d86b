#include "base/json_object.h"

namespace edgeopt {

using nlohmann::json;

namespace {

// Whether `value` is of the type, and then what it holds.
bool TakeJson(const json& value, std::string& text) {
  if (!value.is_string()) return false;
  text = value.get<std::string>();
  return true;
}

bool TakeJson(const json& value, double& number) {
  if (!value.is_number()) return false;
  number = value.get<double>();
  return true;
}

bool TakeJson(const json& value, int64_t& integer) {
  const auto found = IntegerIn(value, INT64_MIN, INT64_MAX);
  if (found) integer = *found;
  return found.has_value();
}

bool TakeJson(const json& value, bool& truth) {
  if (!value.is_boolean()) return false;
  truth = value.get<bool>();
  return true;
}

}  // namespace

Result<JsonObject> JsonObject::Of(const json& object, std::string where) {
  if (!object.is_object()) return BadInput(where + " is not an object");
  return JsonObject(object, std::move(where));
}

const json* JsonObject::Find(const char* name) {
  known_.insert(name);
  const auto found = object_->find(name);
  return found == object_->end() ? nullptr : &*found;
}

Result<const json*> JsonObject::Get(const char* name, const char* kind) {
  const json* value = Find(name);
  if (value == nullptr)
    return Wrong("'" + std::string(name) + "' is missing (" + std::string(kind) + ")");
  return value;
}

Error JsonObject::WrongType(const char* name, const std::string& expected) const {
  return Wrong("'" + std::string(name) + "' is not " + expected);
}

Result<std::string> JsonObject::Text(const char* name) {
  EDGEOPT_TRY(const json* value, Get(name, "text"));
  std::string text;
  if (!TakeJson(*value, text)) return WrongType(name, "a text");
  return text;
}

Result<int64_t> JsonObject::Integer(const char* name, int64_t min, int64_t max) {
  EDGEOPT_TRY(const json* value, Get(name, "an integer"));
  if (const auto number = IntegerIn(*value, min, max)) return *number;
  return WrongType(name, "an integer from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<double> JsonObject::Number(const char* name, double min, double max) {
  EDGEOPT_TRY(const json* value, Get(name, "a number"));
  double number = 0;
  if (TakeJson(*value, number) && number >= min && number <= max) return number;
  return WrongType(name, "a number from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<bool> JsonObject::Bool(const char* name) {
  EDGEOPT_TRY(const json* value, Get(name, "true or false"));
  bool truth = false;
  if (!TakeJson(*value, truth)) return WrongType(name, "true or false");
  return truth;
}

Result<std::vector<std::string>> JsonObject::Texts(const char* name) {
  EDGEOPT_TRY(const json* array, Array(name));
  std::vector<std::string> texts;
  for (const json& value : *array)
    if (!TakeJson(value, texts.emplace_back())) return WrongType(name, "an array of texts");
  return texts;
}

Result<const json*> JsonObject::Array(const char* name) {
  EDGEOPT_TRY(const json* value, Get(name, "an array"));
  if (!value->is_array()) return WrongType(name, "an array");
  return value;
}

Result<const json*> JsonObject::Object(const char* name) {
  EDGEOPT_TRY(const json* value, Get(name, "an object"));
  if (!value->is_object()) return WrongType(name, "an object");
  return value;
}

Status JsonObject::Read(const char* name, std::string& text) {
  const json* value = Find(name);
  if (value == nullptr || TakeJson(*value, text)) return OkStatus();
  return WrongType(name, "a text");
}

Status JsonObject::Read(const char* name, bool& truth) {
  const json* value = Find(name);
  if (value == nullptr || TakeJson(*value, truth)) return OkStatus();
  return WrongType(name, "true or false");
}

Status JsonObject::Read(const char* name, double& number) {
  const json* value = Find(name);
  if (value == nullptr || TakeJson(*value, number)) return OkStatus();
  return WrongType(name, "a number");
}

Status JsonObject::Read(const char* name, int64_t& integer) {
  const json* value = Find(name);
  if (value == nullptr || TakeJson(*value, integer)) return OkStatus();
  return WrongType(name, "an integer of 64 bits");
}

Status JsonObject::Read(const char* name, std::optional<double>& number) {
  if (!object_->contains(name)) return (void)known_.insert(name), OkStatus();
  return Read(name, number.emplace());
}

Status JsonObject::Read(const char* name, std::optional<int64_t>& integer) {
  if (!object_->contains(name)) return (void)known_.insert(name), OkStatus();
  return Read(name, integer.emplace());
}

Status JsonObject::Read(const char* name, std::vector<std::string>& texts) {
  if (!object_->contains(name)) return (void)known_.insert(name), OkStatus();
  EDGEOPT_TRY(std::vector<std::string> found, Texts(name));
  texts.insert(texts.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  return OkStatus();
}

template <typename T>
Status JsonObject::ReadMap(const char* name, std::map<std::string, T>& values,
                           const char* expected) {
  const json* object = Find(name);
  if (object == nullptr) return OkStatus();
  if (!object->is_object()) return WrongType(name, expected);
  for (const auto& [key, value] : object->items())
    if (!TakeJson(value, values[key])) return WrongType(name, expected);
  return OkStatus();
}

Status JsonObject::Read(const char* name, std::map<std::string, std::string>& texts) {
  return ReadMap(name, texts, "an object of texts");
}

Status JsonObject::Read(const char* name, std::map<std::string, double>& numbers) {
  return ReadMap(name, numbers, "an object of numbers");
}

Status JsonObject::Read(const char* name, std::map<std::string, int64_t>& integers) {
  return ReadMap(name, integers, "an object of integers");
}

Result<const json*> JsonObject::ArrayIfAny(const char* name) {
  const json* value = Find(name);
  if (value != nullptr && !value->is_array()) return WrongType(name, "an array");
  return value;
}

Status JsonObject::Require(const char* name) const {
  if (object_->contains(name)) return OkStatus();
  return Wrong("'" + std::string(name) + "' is missing");
}

Status JsonObject::Finish() const {
  for (const auto& [name, value] : object_->items())
    if (!known_.contains(name)) return Wrong("unknown field '" + name + "'");
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

std::string JsonLine(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace edgeopt
