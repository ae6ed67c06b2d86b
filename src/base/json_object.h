// Reading a JSON object that came from outside: each field is asked for by its type, and what is of
// another type, out of range, or that nobody asked for, is BadInput.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace edgeopt {

class JsonObject {
 public:
  // `where` names the object in messages. `object` must outlive the reader.
  static Result<JsonObject> Of(const nlohmann::json& object, std::string where);

  // The field, which must be there.
  Result<std::string> Text(const char* name);
  Result<int64_t> Integer(const char* name, int64_t min, int64_t max);
  Result<double> Number(const char* name, double min, double max);
  Result<bool> Bool(const char* name);
  Result<std::vector<std::string>> Texts(const char* name);
  Result<const nlohmann::json*> Array(const char* name);
  Result<const nlohmann::json*> Object(const char* name);

  // A field that may be missing, because it is not known: each fills its target where the field is
  // there, and leaves it alone where it is not.
  Status Read(const char* name, std::string& text);
  Status Read(const char* name, bool& truth);
  Status Read(const char* name, double& number);
  Status Read(const char* name, int64_t& integer);
  Status Read(const char* name, std::optional<double>& number);
  Status Read(const char* name, std::optional<int64_t>& integer);
  Status Read(const char* name, std::vector<std::string>& texts);
  Status Read(const char* name, std::map<std::string, std::string>& texts);
  Status Read(const char* name, std::map<std::string, double>& numbers);
  Status Read(const char* name, std::map<std::string, int64_t>& integers);
  // nullptr where the field is not there.
  Result<const nlohmann::json*> ArrayIfAny(const char* name);
  bool Has(const char* name) const { return object_->contains(name); }

  // BadInput when the field is not there.
  Status Require(const char* name) const;
  // All fields were asked for.
  Status Finish() const;
  Error Wrong(const std::string& what) const { return BadInput(where_ + ": " + what); }

 private:
  JsonObject(const nlohmann::json& object, std::string where)
      : object_(&object), where_(std::move(where)) {}
  const nlohmann::json* Find(const char* name);
  Result<const nlohmann::json*> Get(const char* name, const char* kind);
  Error WrongType(const char* name, const std::string& expected) const;
  template <typename T>
  Status ReadMap(const char* name, std::map<std::string, T>& values, const char* expected);

  const nlohmann::json* object_;
  std::string where_;
  std::set<std::string> known_;
};

// The integer that `value` is, if it is one in that range.
std::optional<int64_t> IntegerIn(const nlohmann::json& value, int64_t min, int64_t max);

// On one line; bytes that are not UTF-8 are replaced, since JSON can't hold them.
std::string JsonLine(const nlohmann::json& json);

// `values` as a JSON object, left out of `object` when empty.
template <typename Map>
void PutMap(nlohmann::json& object, const char* name, const Map& values) {
  if (!values.empty()) object[name] = values;
}
// `value`, left out of `object` when not known.
template <typename T>
void PutKnown(nlohmann::json& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

}  // namespace edgeopt
