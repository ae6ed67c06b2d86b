#include "cli/help.h"

#include <CLI/CLI.hpp>

#include "cli/describe.h"

namespace edgeopt::cli {
namespace {

constexpr size_t kColumns = 79;
constexpr size_t kHeadingColumns = 26;

void AppendEntry(std::string& help, const std::string& heading, const std::string& description,
                 size_t heading_columns) {
  std::string line = "  " + heading;
  const std::string indent(heading_columns, ' ');
  if (line.size() + 2 > heading_columns) {
    help += line + "\n";
    line = indent;
  } else {
    line.resize(heading_columns, ' ');
  }
  for (const std::string& part : Wrap(description, kColumns - heading_columns)) {
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

std::string MainHelp(const Program& program) {
  std::string help =
      "Usage: edgeopt COMMAND [options]\n"
      "Measures a model, makes it faster, proves that it is still accurate, packages it.\n";
  for (const Group group : {Group::kWorkflow, Group::kModel, Group::kMeasure, Group::kOther}) {
    help += "\n" + std::string(GroupTitle(group)) + "\n";
    for (const Command& command : Table())
      if (command.group == group)
        AppendEntry(help, std::string(command.name), std::string(command.summary), 14);
  }
  help += "\nWith every command\n";
  for (const OptionText& option : Describe(*program.app))
    AppendEntry(help, option.Heading(), option.description, kHeadingColumns);
  help += "\nFirst: edgeopt optimize MODEL.onnx --data VALIDATION --metric top1\n";
  return help;
}

std::string CommandHelp(const Program& program, const Command& command) {
  const std::string name(command.name);
  const auto options = Describe(*program.app->get_subcommand(name));
  std::string help =
      "Usage: " + UsageLine(name, options) + "\n" + std::string(command.summary) + ".\n\n";
  for (const OptionText& option : options)
    AppendEntry(help, option.Heading(), option.description, kHeadingColumns);
  help += "  Also --json, --quiet, --config FILE, --runtime-library FILE (edgeopt --help).\n";
  if (!command.notes.empty()) help += "\n" + std::string(command.notes) + "\n";
  return help;
}

}  // namespace edgeopt::cli
