// Reading the JSON that trtexec writes.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgeopt::runtimes::tensorrt {

// The document; `nan`, `inf` and their negatives outside of strings, which trtexec prints as the
// C++ stream does, become the strings "nan", "-inf" ... BadInput, which calls the file `what`, for
// what is no JSON. A name with a quote or backslash makes trtexec write such a file.
Result<nlohmann::json> ParseExported(std::string_view text, const std::string& what);

// The number, or what one of those strings stands for; nullopt for anything else.
std::optional<double> NumberOf(const nlohmann::json& value);
// The member of an object; nullptr when it is no object or has none of that name.
const nlohmann::json* Member(const nlohmann::json& object, const char* name);
// The member where it is text, else "".
std::string TextOf(const nlohmann::json& object, const char* name);

}  // namespace edgeopt::runtimes::tensorrt
