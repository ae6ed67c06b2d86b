#include "hardware/json_object.h"

namespace edgeopt::hardware {

using nlohmann::json;

namespace {

// Whether `value` is of the type, and then what it holds.
bool Get(const json& value, std::string& text) {
  if (!value.is_string()) return false;
  text = value.get<std::string>();
  return true;
}

bool Get(const json& value, double& number) {
  if (!value.is_number()) return false;
  number = value.get<double>();
  return true;
}

bool Get(const json& value, int64_t& integer) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return false;
  integer = value.get<int64_t>();
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

Error JsonObject::WrongType(const char* name, const char* expected) const {
  return Wrong("'" + std::string(name) + "' is not " + expected);
}

Status JsonObject::Read(const char* name, std::string& text) {
  const json* value = Find(name);
  if (value == nullptr || Get(*value, text)) return OkStatus();
  return WrongType(name, "a text");
}

Status JsonObject::Read(const char* name, bool& truth) {
  const json* value = Find(name);
  if (value == nullptr) return OkStatus();
  if (!value->is_boolean()) return WrongType(name, "true or false");
  truth = value->get<bool>();
  return OkStatus();
}

Status JsonObject::Read(const char* name, double& number) {
  const json* value = Find(name);
  if (value == nullptr || Get(*value, number)) return OkStatus();
  return WrongType(name, "a number");
}

Status JsonObject::Read(const char* name, int64_t& integer) {
  const json* value = Find(name);
  if (value == nullptr || Get(*value, integer)) return OkStatus();
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
  EDGEOPT_TRY(const json* array, Array(name));
  if (array == nullptr) return OkStatus();
  for (const json& value : *array)
    if (!Get(value, texts.emplace_back())) return WrongType(name, "an array of texts");
  return OkStatus();
}

template <typename T>
Status JsonObject::ReadMap(const char* name, std::map<std::string, T>& values,
                           const char* expected) {
  const json* object = Find(name);
  if (object == nullptr) return OkStatus();
  if (!object->is_object()) return WrongType(name, expected);
  for (const auto& [key, value] : object->items())
    if (!Get(value, values[key])) return WrongType(name, expected);
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

Result<const json*> JsonObject::Array(const char* name) {
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

}  // namespace edgeopt::hardware
