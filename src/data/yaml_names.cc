#include "data/yaml_names.h"

#include "data/files.h"

namespace edgeopt::data {
namespace {

// Without quotes or a comment behind it.
std::string Scalar(std::string_view text) {
  text = Trimmed(text);
  if (!text.empty() && (text[0] == '\'' || text[0] == '"')) {
    const size_t end = text.find(text[0], 1);
    return std::string(text.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  const size_t comment = text.find(" #");
  return std::string(Trimmed(text.substr(0, comment)));
}

size_t CommaOutsideQuotes(std::string_view text) {
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quote == 0 && text[i] == ',') return i;
    if (quote == 0 && (text[i] == '\'' || text[i] == '"'))
      quote = text[i];
    else if (text[i] == quote)
      quote = 0;
  }
  return std::string_view::npos;
}

// The items between brackets, or braces with "index: name".
Result<std::vector<std::string>> FlowList(std::string_view text, const std::string& where) {
  const char close = text[0] == '[' ? ']' : '}';
  const size_t end = text.rfind(close);
  if (end == std::string_view::npos)
    return BadInput(where + ": 'names' must end with '" + close + "' on its line",
                    "write one name a line instead");
  text = text.substr(1, end - 1);
  std::vector<std::string> names;
  while (!Trimmed(text).empty()) {
    text = Trimmed(text);
    const size_t comma = CommaOutsideQuotes(text);
    std::string_view item = text.substr(0, comma);
    if (close == '}') {
      int64_t index = 0;
      const size_t colon = item.find(':');
      if (!ParseInteger(item.substr(0, colon), &index) ||
          index != static_cast<int64_t>(names.size()))
        return BadInput(where + ": the classes must be numbered 0, 1, 2 ... in order");
      item.remove_prefix(colon == std::string_view::npos ? item.size() : colon + 1);
    }
    names.push_back(Scalar(item));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return names;
}

}  // namespace

Result<std::vector<std::string>> YamlNames(std::string_view text, const std::string& source) {
  const std::vector<std::string_view> lines = Lines(text);
  std::vector<std::string> names;
  bool inside = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string where = source + ":" + std::to_string(i + 1);
    const std::string_view line = Trimmed(lines[i]);
    if (line.empty() || line[0] == '#') continue;
    if (!inside) {
      if (!lines[i].starts_with("names:")) continue;
      const std::string_view rest = Trimmed(line.substr(6));
      if (rest.starts_with('[') || rest.starts_with('{')) return FlowList(rest, where);
      inside = true;
      continue;
    }
    if (line[0] == '-') {
      names.push_back(Scalar(line.substr(1)));
      continue;
    }
    if (lines[i][0] != ' ' && lines[i][0] != '\t') break;  // the next key
    int64_t index = 0;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !ParseInteger(line.substr(0, colon), &index) ||
        index != static_cast<int64_t>(names.size()))
      return BadInput(where + ": the classes must be numbered 0, 1, 2 ... in order");
    names.push_back(Scalar(line.substr(colon + 1)));
  }
  return names;
}

}  // namespace edgeopt::data
