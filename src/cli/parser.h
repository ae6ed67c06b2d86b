// How subcommands declare their options. The parser behind it is CLI11, whose headers take longer
// to compile than most commands; only the files that work on the parser itself include them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace edgeopt::cli {

// Further facts about an option that was just added.
class Declared {
 public:
  explicit Declared(CLI::Option* option) : option_(option) {}

  Declared& Required(bool required = true);
  // What --help shows for the value: "FILE".
  Declared& TypeName(const std::string& name);
  // --help shows no default: there is none, or the description says it.
  Declared& WithoutDefault();
  // Values that are not such are usage errors.
  Declared& NonNegative();
  Declared& Positive();
  Declared& Between(double lowest, double highest);
  Declared& OneOf(std::vector<std::string> choices);
  // --help, which is one screen, only names it; the man page and completion tell all.
  Declared& Rare();

 private:
  CLI::Option* option_;
};

class Parser {
 public:
  explicit Parser(CLI::App& app) : app_(app) {}

  // `names`: "--output", "-o,--output", or "model" for an argument. `target` keeps its value, which
  // is the default, unless the option is given; it must outlive the parsing. Options with a vector
  // may be repeated.
  Declared Add(const std::string& names, std::string& target, const std::string& description);
  Declared Add(const std::string& names, std::vector<std::string>& target,
               const std::string& description);
  Declared Add(const std::string& names, int& target, const std::string& description);
  Declared Add(const std::string& names, int64_t& target, const std::string& description);
  Declared Add(const std::string& names, double& target, const std::string& description);
  Declared AddFlag(const std::string& names, bool& target, const std::string& description);

 private:
  CLI::App& app_;
};

}  // namespace edgeopt::cli
