#include "cli/man_page.h"

#include <CLI/CLI.hpp>

#include "cli/describe.h"
#include "cli/help.h"

namespace edgeopt::cli {
namespace {

// roff reads a backslash, and '.' or ''' at the start of a line, as its own; '-' would become a
// typographic hyphen.
std::string Roff(std::string_view text) {
  std::string escaped;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\')
      escaped += "\\e";
    else if (c == '-')
      escaped += "\\-";
    else
      escaped += c;
    line_start = c == '\n';
  }
  return escaped;
}

void AppendOption(std::string& page, const OptionText& option) {
  page += ".TP\n.B " + Roff(option.Heading()) + "\n" + Roff(option.description) + "\n";
}

void AppendCommand(std::string& page, const Program& program, const Command& command) {
  const std::string name(command.name);
  const auto options = Describe(*program.app->get_subcommand(name));
  page += ".SS " + Roff(name) + "\n.B " + Roff(UsageLine(name, options)) + "\n.PP\n" +
          Roff(command.summary) + ".\n";
  for (const OptionText& option : options) AppendOption(page, option);
  if (!command.notes.empty()) page += ".PP\n.nf\n" + Roff(command.notes) + "\n.fi\n";
}

constexpr const char* kExitCodes[][2] = {
    {"0", "Done."},
    {"1", "A gate failed: the accuracy floor or the latency target."},
    {"2", "The command line or the configuration file is wrong."},
    {"3", "A model, a data set or a package is wrong."},
    {"4", "Correct, but not supported by edgeopt or by the runtime."},
    {"5", "A runtime, a device, a folder or the disk is not available."},
    {"70", "An error of edgeopt itself."},
    {"130", "Interrupted; 'edgeopt resume' goes on."},
};

}  // namespace

std::string ManPage(const Program& program) {
  std::string page =
      ".\\\" Written by 'edgeopt man'; do not edit.\n"
      ".TH EDGEOPT 1 \"\" \"edgeopt " EDGEOPT_VERSION
      "\" \"User Commands\"\n"
      ".SH NAME\nedgeopt \\- measure, optimize, prove and package models for edge devices\n"
      ".SH SYNOPSIS\n.B edgeopt\n.I COMMAND\n[options]\n"
      ".SH DESCRIPTION\n"
      "Measures a trained model, tries optimizations one at a time, keeps what is faster and still "
      "accurate on the user's data, and packages the winner with the proof.\n"
      ".SH COMMON OPTIONS\n";
  for (const OptionText& option : Describe(*program.app)) AppendOption(page, option);
  page += ".SH COMMANDS\n";
  for (const Group group : {Group::kWorkflow, Group::kModel, Group::kMeasure, Group::kOther})
    for (const Command& command : Table())
      if (command.group == group) AppendCommand(page, program, command);
  page += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExitCodes)
    page += std::string(".TP\n.B ") + code + "\n" + Roff(meaning) + "\n";
  page +=
      ".SH FILES\n.TP\n.B edgeopt.toml\nDefaults for options, read from the working directory. A "
      "key at the top holds for every command that has such an option, a key in a table such as "
      "[quantize] for that command. What is typed wins.\n"
      ".SH ENVIRONMENT\n.TP\n.B EDGEOPT_RUNTIME_LIBRARY\nAs "
      "\\-\\-runtime\\-library.\n"
      ".TP\n.B EDGEOPT_CACHE\nThe folder of runtimes and of frameworks' environments; "
      "~/.cache/edgeopt.\n";
  return page;
}

}  // namespace edgeopt::cli
