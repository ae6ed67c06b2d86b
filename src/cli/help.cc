#include "cli/help.h"

#include <CLI/CLI.hpp>

#include "cli/describe.h"

namespace edgeopt::cli {
namespace {

constexpr size_t kColumns = 79;
constexpr size_t kHeadingColumns = 26;

void AppendEntry(std::string& help, const std::string& heading, const std::string& description) {
  std::string line = "  " + heading;
  const std::string indent(kHeadingColumns, ' ');
  if (line.size() + 1 > kHeadingColumns) {
    help += line + "\n";
    line = indent;
  } else {
    line.resize(kHeadingColumns, ' ');
  }
  for (const std::string& part : Wrap(description, kColumns - kHeadingColumns)) {
    help += line + part + "\n";
    line = indent;
  }
}

}  // namespace

std::string_view GroupTitle(Group group) {
  switch (group) {
    case Group::kWorkflow:
      return "Workflow";
    case Group::kModel:
      return "Model";
    case Group::kMeasure:
      return "Measure";
    default:
      return "Other";
  }
}

// One screen of 24 lines with the prompt below: each command on a line of its own, the group beside
// its first.
std::string MainHelp() {
  constexpr size_t kGroupColumns = 10, kNameColumns = 12;
  std::string help =
      "Usage: edgeopt COMMAND [options] [--help] [--json] [--quiet] [--config FILE]\n";
  for (const Group group : {Group::kWorkflow, Group::kModel, Group::kMeasure, Group::kOther}) {
    std::string first(GroupTitle(group));
    for (const Command& command : Table()) {
      if (command.group != group) continue;
      std::string name(command.name);
      first.resize(kGroupColumns, ' ');
      name.resize(kNameColumns, ' ');
      help += std::exchange(first, "") + name + std::string(command.summary) + "\n";
    }
  }
  return help + "First: edgeopt optimize MODEL.onnx --data VALIDATION --metric top1\n";
}

std::string CommandHelp(const Program& program, const Command& command) {
  const std::string name(command.name);
  const auto options = Describe(*program.app->get_subcommand(name));
  std::string help =
      "Usage: " + UsageLine(name, options) + "\n" + std::string(command.summary) + ".\n\n";
  std::string rare;
  for (const OptionText& option : options) {
    if (option.rare)
      rare += (rare.empty() ? "More ('edgeopt man'): " : ", ") + option.long_name;
    else
      AppendEntry(help, option.Heading(), option.description);
  }
  for (const std::string& line : Wrap(rare, kColumns - 2))
    if (!line.empty()) help += "  " + line + "\n";
  help += "  Also --json, --quiet, --config FILE, --runtime-library FILE (edgeopt man).\n";
  if (!command.notes.empty()) help += std::string(command.notes) + "\n";
  return help;
}

}  // namespace edgeopt::cli
