// The work folder that status, resume, accept, report and package are about.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace edgeopt::cli {

// `named`, or else the only folder *_edgeopt with a run in the working directory. Usage error when
// there is none or more than one.
Result<std::filesystem::path> WorkFolderOr(const std::string& named);

}  // namespace edgeopt::cli
