#include "runtimes/tensorrt/exported_json.h"

#include <limits>

namespace edgeopt::runtimes::tensorrt {
namespace {

using nlohmann::json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool IsWordCharacter(char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '+'; }

bool IsNonFinite(std::string_view word) {
  return word == "nan" || word == "-nan" || word == "inf" || word == "-inf";
}

std::string QuoteNonFinite(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size());
  bool in_string = false;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string && c == '\\' && i + 1 < text.size()) {
      quoted.append(text.substr(i, 2));
      i += 2;
      continue;
    }
    if (in_string || !IsWordCharacter(c)) {
      quoted += c;
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && IsWordCharacter(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    quoted += IsNonFinite(word) ? "\"" + std::string(word) + "\"" : std::string(word);
    i = end;
  }
  return quoted;
}

}  // namespace

Result<json> ParseExported(std::string_view text, const std::string& what) {
  json document = json::parse(QuoteNonFinite(text), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded())
    return BadInput("trtexec's " + what + " is not JSON (" + std::to_string(text.size()) +
                        " bytes): it is cut short, or a name in it holds a quote or a backslash",
                    "look at free disk space on the device, and at the names of the model's nodes");
  return document;
}

std::optional<double> NumberOf(const json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  if (!IsNonFinite(text)) return std::nullopt;
  if (text == "inf") return kInfinity;
  if (text == "-inf") return -kInfinity;
  return std::numeric_limits<double>::quiet_NaN();
}

const json* Member(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string TextOf(const json& object, const char* name) {
  const json* member = Member(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace edgeopt::runtimes::tensorrt
