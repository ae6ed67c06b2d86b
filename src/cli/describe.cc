#include "cli/describe.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace edgeopt::cli {
namespace {

// CLI11 gives type and validators as "TEXT:{a,b}".
std::vector<std::string> Choices(const std::string& type_name) {
  const size_t open = type_name.find('{'), close = type_name.rfind('}');
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos || close < open) return choices;
  std::istringstream words(type_name.substr(open + 1, close - open - 1));
  for (std::string word; std::getline(words, word, ',');) choices.push_back(word);
  return choices;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// The name of a value that has no type_name of its own: the option's name.
std::string ValueName(const CLI::Option& option, const OptionText& text) {
  if (option.get_items_expected_max() == 0) return "";
  std::string type = option.get_type_name();
  type = type.substr(0, type.find(':'));
  if (text.positional) return Upper(option.get_name(true));
  if (type == "TEXT" || type.empty()) return text.choices.empty() ? "TEXT" : "WORD";
  if (type == "INT" || type == "UINT") return "N";
  if (type == "FLOAT") return "X";
  return type;
}

OptionText DescribeOption(const CLI::Option& option) {
  OptionText text;
  text.positional = option.get_positional() && !option.nonpositional();
  text.required = option.get_required();
  text.rare = option.get_group() == kRareGroup;
  text.repeated = option.get_items_expected_max() > 1;
  if (!option.get_lnames().empty()) text.long_name = "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) text.short_name = "-" + option.get_snames().front();
  text.choices = Choices(option.get_type_name());
  text.value = ValueName(option, text);
  text.description = option.get_description();
  std::string facts;
  for (const std::string& choice : text.choices) facts += (facts.empty() ? "" : ", ") + choice;
  const std::string& fallback = option.get_default_str();
  if (!text.value.empty() && !fallback.empty() && fallback != "[]" && fallback != "\"\"")
    facts += (facts.empty() ? "default " : "; default ") + fallback;
  if (!facts.empty()) text.description += " (" + facts + ")";
  return text;
}

}  // namespace

std::string OptionText::Heading() const {
  if (positional) return value;
  std::string names = short_name;
  if (!short_name.empty() && !long_name.empty()) names += ", ";
  names += long_name;
  return value.empty() ? names : names + " " + value;
}

std::vector<OptionText> Describe(const CLI::App& app) {
  std::vector<OptionText> texts;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || option == app.get_help_ptr()) continue;
    texts.push_back(DescribeOption(*option));
  }
  std::stable_partition(texts.begin(), texts.end(),
                        [](const OptionText& text) { return text.positional; });
  return texts;
}

std::string UsageLine(const std::string& command, const std::vector<OptionText>& options) {
  std::string line = "edgeopt " + command;
  bool optional = false;
  for (const OptionText& option : options) {
    const std::string shown = option.value + (option.repeated ? "..." : "");
    if (option.positional) {
      line += option.required ? " " + shown : " [" + shown + "]";
    } else if (option.required) {
      line +=
          " " + (option.short_name.empty() ? option.long_name : option.short_name) + " " + shown;
    } else {
      optional = true;
    }
  }
  return optional ? line + " [options]" : line;
}

std::vector<std::string> Wrap(const std::string& text, size_t width) {
  std::vector<std::string> lines(1);
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width)
      lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

}  // namespace edgeopt::cli
