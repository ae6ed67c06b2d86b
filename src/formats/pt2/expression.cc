// Grammar: expression = name "(" [ argument { ", " argument } ] ")"; argument = expression | number
// | "'" text "'" | keyword "=" word. Keywords (assumptions about a symbol) are left out.
#include "formats/pt2/expression.h"

#include <optional>
#include <vector>

namespace edgeopt::formats::pt2 {
namespace {

constexpr size_t kLongest = 200;
constexpr int kDeepestExpression = 32;

// How strongly the text holds together, for parentheses.
enum class Binding { kSum, kProduct, kAtom };
struct Printed {
  std::string text;
  Binding binding = Binding::kAtom;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<std::string> Whole() {
    const auto printed = Expression(0);
    if (!printed || !rest_.empty()) return std::nullopt;
    return printed->text;
  }

 private:
  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string_view TakeWord() {
    const auto is_word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-' || c == '.';
    };
    size_t length = 0;
    while (length < rest_.size() && is_word(rest_[length])) ++length;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

  // nullopt: not of the grammar. Empty text: a keyword.
  std::optional<Printed> Argument(int depth) {
    if (Take("'")) {
      const size_t end = rest_.find('\'');
      if (end == std::string_view::npos) return std::nullopt;
      Printed quoted{std::string(rest_.substr(0, end))};
      rest_.remove_prefix(end + 1);
      return quoted;
    }
    return Expression(depth);
  }

  std::optional<Printed> Expression(int depth) {
    if (depth > kDeepestExpression) return std::nullopt;
    const std::string_view word = TakeWord();
    if (word.empty()) return std::nullopt;
    if (Take("=")) return TakeWord().empty() ? std::nullopt : std::optional(Printed{});
    if (!Take("(")) return Printed{std::string(word)};
    std::vector<Printed> arguments;
    while (!Take(")")) {
      if (!arguments.empty() && !Take(", ")) return std::nullopt;
      auto argument = Argument(depth + 1);
      if (!argument) return std::nullopt;
      arguments.push_back(std::move(*argument));
    }
    std::erase_if(arguments, [](const Printed& it) { return it.text.empty(); });
    return Application(word, arguments);
  }

  static Printed Application(std::string_view name, const std::vector<Printed>& arguments) {
    if ((name == "Symbol" || name == "Integer") && arguments.size() == 1) return arguments.front();
    if (name == "Add" && !arguments.empty()) return Joined(arguments, " + ", Binding::kSum);
    if (name == "Mul" && !arguments.empty()) return Joined(arguments, "*", Binding::kProduct);
    if (name == "FloorDiv" && arguments.size() == 2)
      return Joined(arguments, "//", Binding::kProduct);
    std::string text(name);
    text += '(';
    for (size_t i = 0; i < arguments.size(); ++i) text += (i == 0 ? "" : ", ") + arguments[i].text;
    return {text + ")"};
  }

  static Printed Joined(const std::vector<Printed>& parts, std::string_view sign, Binding binding) {
    Printed joined;
    joined.binding = binding;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i > 0) joined.text += sign;
      // The right side of // binds to itself alone.
      const bool bare = parts[i].binding > binding || (i == 0 && parts[i].binding == binding);
      joined.text += bare ? parts[i].text : "(" + parts[i].text + ")";
    }
    return joined;
  }

  std::string_view rest_;
};

}  // namespace

std::string PrettyExpression(std::string_view srepr) {
  auto pretty = Parser(srepr).Whole();
  std::string text = pretty && !pretty->empty() ? std::move(*pretty) : std::string(srepr);
  if (text.empty()) return "?";
  if (text.size() > kLongest) text.resize(kLongest);
  return text;
}

}  // namespace edgeopt::formats::pt2
