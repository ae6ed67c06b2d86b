// The option -o of the subcommands that write a model.
#pragma once

#include <string>

#include "base/result.h"

namespace edgeopt::cli {

class Parser;

struct OutputOption {
  std::string path;
  bool force = false;
};

// -o and --force.
void AddOutputOption(Parser& parser, OutputOption& option);

// Asked before the work, so that it is not done in vain. Usage error when `path` exists and may not
// be replaced, and always when it is the model that is read: an original is never changed.
// Unavailable when its folder is missing or may not be written to.
Status CheckOutput(const std::string& path, bool force, const std::string& model);

}  // namespace edgeopt::cli
