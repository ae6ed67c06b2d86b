#include "cli/config.h"

#include <CLI/CLI.hpp>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <sstream>

#include "cli/suggest.h"

namespace edgeopt::cli {
namespace {

// A value as it would be typed; arrays give several.
std::vector<std::string> AsTyped(const toml::node& node) {
  if (const auto* array = node.as_array()) {
    std::vector<std::string> values;
    for (const toml::node& element : *array)
      for (std::string& text : AsTyped(element)) values.push_back(std::move(text));
    return values;
  }
  if (const auto text = node.value_exact<std::string>()) return {*text};
  std::ostringstream text;
  if (const auto flag = node.value_exact<bool>())
    text << (*flag ? "true" : "false");
  else if (const auto integer = node.value_exact<int64_t>())
    text << *integer;
  else if (const auto number = node.value_exact<double>())
    text << *number;
  return {text.str()};
}

class TomlConfig : public CLI::Config {
 public:
  explicit TomlConfig(CLI::App& app) : app_(app) {}

  std::string to_config(const CLI::App*, bool, bool, std::string) const override { return {}; }

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    toml::parse_result parsed = toml::parse(input);
    if (!parsed) {
      std::ostringstream where;
      where << "line " << parsed.error().source().begin.line << ": "
            << parsed.error().description();
      throw CLI::ConfigError(where.str());
    }
    std::vector<CLI::ConfigItem> items;
    for (const auto& [key, node] : parsed.table()) {
      const std::string name(key.str());
      if (const toml::table* table = node.as_table())
        AddTable(name, *table, items);
      else
        AddEverywhere(name, node, items);
    }
    return items;
  }

 private:
  static bool Has(const CLI::App& app, const std::string& name) {
    return app.get_option_no_throw("--" + name) != nullptr;
  }

  void AddTable(const std::string& command, const toml::table& table,
                std::vector<CLI::ConfigItem>& items) const {
    const auto all = app_.get_subcommands(nullptr);
    const auto found = std::find_if(all.begin(), all.end(), [&](const CLI::App* candidate) {
      return candidate->get_name() == command;
    });
    const CLI::App* target = found == all.end() ? nullptr : *found;
    if (target == nullptr) Refuse(table, "there is no command '" + command + "'", {});
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (!Has(*target, name))
        Refuse(node, command + " has no option '" + name + "'", Nearest(name, NamesOf(*target)));
      items.push_back({{command}, name, AsTyped(node)});
    }
  }

  void AddEverywhere(const std::string& name, const toml::node& node,
                     std::vector<CLI::ConfigItem>& items) const {
    const size_t before = items.size();
    if (Has(app_, name)) items.push_back({{}, name, AsTyped(node)});
    for (const CLI::App* command : app_.get_subcommands(nullptr))
      if (Has(*command, name)) items.push_back({{command->get_name()}, name, AsTyped(node)});
    if (items.size() == before) Refuse(node, "no command has an option '" + name + "'", {});
  }

  static std::vector<std::string> NamesOf(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back(name);
    return names;
  }

  [[noreturn]] static void Refuse(const toml::node& node, const std::string& what,
                                  const std::string& nearest) {
    std::ostringstream text;
    text << "line " << node.source().begin.line << ": " << what;
    if (!nearest.empty()) text << "; did you mean '" << nearest << "'?";
    throw CLI::ConfigError(text.str());
  }

  CLI::App& app_;
};

}  // namespace

std::shared_ptr<CLI::Config> MakeConfigReader(CLI::App& app) {
  return std::make_shared<TomlConfig>(app);
}

}  // namespace edgeopt::cli
