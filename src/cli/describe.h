// What the parser knows about a subcommand's options, as plain text: --help, the man page and shell
// completion all print this one description.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace edgeopt::cli {

// The group of options that --help only names.
inline constexpr const char* kRareGroup = "Rare";

struct OptionText {
  std::string short_name, long_name;  // "-o", "--output"; both empty for an argument
  std::string value;                  // "FILE"; "" for a flag
  std::string description;            // ends with the default, if there is one
  std::vector<std::string> choices;   // the only values allowed; empty: any
  bool positional = false, required = false, repeated = false;
  bool rare = false;  // --help only names it

  // "-o, --output FILE", "--json", "MODEL".
  std::string Heading() const;
};

// In order of declaration; options of an empty group are hidden and left out, --help too.
std::vector<OptionText> Describe(const CLI::App& app);

// "edgeopt quantize MODEL --precision P [options]".
std::string UsageLine(const std::string& command, const std::vector<OptionText>& options);

// Words of `text` in lines of at most `width` columns.
std::vector<std::string> Wrap(const std::string& text, size_t width);

}  // namespace edgeopt::cli
