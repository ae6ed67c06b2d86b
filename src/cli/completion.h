// Scripts that complete commands, options and choices in a shell.
#pragma once

#include <string>

#include "cli/app.h"

namespace edgeopt::cli {

std::string BashCompletion(const Program& program);
std::string ZshCompletion(const Program& program);
std::string FishCompletion(const Program& program);

}  // namespace edgeopt::cli
