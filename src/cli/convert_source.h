// A model of PyTorch or TensorFlow on its way through `convert`.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "cli/command.h"
#include "cli/output_option.h"
#include "cli/source_arguments.h"
#include "frameworks/source.h"

namespace edgeopt::cli {

struct SourceConversion {
  OutputOption output;
  SourceArguments arguments;
  bool unverified = false;
  // Only the format is wanted: float32, and no other change. Else `go_on` takes the imported file.
  bool format_alone = true;
  std::function<Result<Answer>(const std::string& model)> go_on;
};

// Imports the source (pipeline/import_source.h); the file is the output, or goes on. The answer
// tells how it was exported, each attempt, and how far it is from the framework's outputs.
Result<Answer> ConvertSource(const frameworks::Source& source, const SourceConversion& conversion,
                             Context& context);

}  // namespace edgeopt::cli
