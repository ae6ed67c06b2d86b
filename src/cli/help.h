// What --help prints: at most 80 columns and 23 lines, so that a screen holds it with the prompt.
#pragma once

#include <string>

#include "cli/app.h"

namespace edgeopt::cli {

std::string MainHelp();
std::string CommandHelp(const Program& program, const Command& command);
// The heading of a group of subcommands: "Workflow".
std::string_view GroupTitle(Group group);

}  // namespace edgeopt::cli
