// What --help prints: at most 80 columns, and at most a screen for a subcommand.
#pragma once

#include <string>

#include "cli/app.h"

namespace edgeopt::cli {

std::string MainHelp(const Program& program);
std::string CommandHelp(const Program& program, const Command& command);
// The heading of a group of subcommands: "Workflow".
std::string_view GroupTitle(Group group);

}  // namespace edgeopt::cli
