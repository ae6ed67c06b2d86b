#include "cli/output_option.h"

#include <unistd.h>

#include <filesystem>

#include "cli/parser.h"

namespace edgeopt::cli {

namespace fs = std::filesystem;

void AddOutputOption(Parser& parser, OutputOption& option) {
  parser.Add("-o,--output", option.path, "the file to write").Required().TypeName("FILE");
  parser.AddFlag("--force", option.force, "replace an existing output");
}

Status CheckOutput(const std::string& path, bool force, const std::string& model) {
  std::error_code ec;
  if (fs::equivalent(path, model, ec))
    return UsageError("the output '" + path + "' is the model itself, which is never changed",
                      "choose another output name");
  if (fs::is_directory(path, ec))
    return UsageError("the output '" + path + "' is a folder", "name a file in it");
  if (!force && fs::exists(path, ec))
    return UsageError("'" + path + "' exists already",
                      "choose another output name, or replace it with --force");
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  if (!fs::is_directory(folder, ec))
    return Unavailable("can't write '" + path + "': there is no folder '" + folder.string() + "'",
                       "make the folder, or choose another one");
  if (::access(folder.c_str(), W_OK) != 0)
    return Unavailable("can't write into the folder '" + folder.string() + "'",
                       "choose a folder that you may write to");
  return OkStatus();
}

}  // namespace edgeopt::cli
