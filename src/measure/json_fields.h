// Reading a JSON object that came from outside: every field is asked for by type and range, and
// what nobody asked for is an error.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"

namespace edgeopt::measure {

class Fields {
 public:
  // `where` names the object in messages. `object` must outlive the reader.
  static Result<Fields> Of(const nlohmann::json& object, std::string where);

  // The field, which must be there and of that type; BadInput otherwise.
  Result<std::string> Text(const char* name);
  Result<int64_t> Integer(const char* name, int64_t min, int64_t max);
  Result<double> Number(const char* name, double min, double max);
  Result<bool> Bool(const char* name);
  Result<const nlohmann::json*> Array(const char* name);
  Result<const nlohmann::json*> Object(const char* name);
  bool Has(const char* name) const { return object_->contains(name); }
  // All fields were asked for.
  Status Finish() const;

 private:
  Fields(const nlohmann::json& object, std::string where)
      : object_(&object), where_(std::move(where)) {}
  Result<const nlohmann::json*> Find(const char* name, const char* kind);
  Error Wrong(const char* name, const std::string& expected) const;

  const nlohmann::json* object_;
  std::string where_;
  std::set<std::string> known_;
};

// The integer that `value` is, if it is one in that range.
std::optional<int64_t> IntegerIn(const nlohmann::json& value, int64_t min, int64_t max);

// On one line; bytes that are not UTF-8 are replaced, since JSON can't hold them.
std::string Line(const nlohmann::json& json);

}  // namespace edgeopt::measure
