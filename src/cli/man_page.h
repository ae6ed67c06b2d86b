// The man page, docs/edgeopt.1, from the same table as --help.
#pragma once

#include <string>

#include "cli/app.h"

namespace edgeopt::cli {

std::string ManPage(const Program& program);

}  // namespace edgeopt::cli
