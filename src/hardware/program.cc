#include "hardware/program.h"

#include <unistd.h>

#include <cstdlib>

#include "hardware/sysfs.h"

namespace edgeopt::hardware {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kBoardFolders[] = {"/usr/sbin", "/usr/bin", "/usr/local/bin",
                                              "/usr/src/tensorrt/bin"};
constexpr std::string_view kRootHint =
    "run as root, or allow sudo without a password for this user and board";

std::string LastLine(std::string_view text) {
  text = Trimmed(text);
  const size_t newline = text.rfind('\n');
  return std::string(Trimmed(newline == std::string_view::npos ? text : text.substr(newline + 1)));
}

}  // namespace

std::vector<fs::path> DefaultProgramFolders() {
  std::vector<fs::path> folders;
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : Split(path == nullptr ? "" : path, ':'))
    if (folder.starts_with('/')) folders.emplace_back(folder);
  for (const std::string_view folder : kBoardFolders) folders.emplace_back(folder);
  return folders;
}

std::optional<fs::path> FindProgram(const Programs& programs, std::string_view name) {
  for (const fs::path& folder : programs.folders) {
    fs::path path = folder / name;
    std::error_code ec;
    if (fs::is_regular_file(path, ec) && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::nullopt;
}

bool IsRoot() { return ::geteuid() == 0; }

Status CanBeRoot(const Programs& programs) {
  if (IsRoot()) return OkStatus();
  if (!programs.sudo) return Unavailable("this needs root's rights", std::string(kRootHint));
  const auto sudo = FindProgram(programs, "sudo");
  if (!sudo)
    return Unavailable("this needs root's rights, and there is no sudo", std::string(kRootHint));
  const auto tried = RunCommand({sudo->string(), "-n", "true"}, {}, std::chrono::seconds(10));
  if (!tried.ok()) return tried.error();
  if (tried->status.ok()) return OkStatus();
  return Unavailable("this needs root's rights, and sudo refuses: " + LastWords(*tried),
                     std::string(kRootHint));
}

Result<CommandOutput> RunProgram(const Programs& programs, std::string_view name,
                                 std::vector<std::string> arguments, const RunOptions& options) {
  const auto path = FindProgram(programs, name);
  if (!path)
    return Unavailable("the program '" + std::string(name) + "' was not found on this machine",
                       "install it, or add its folder to PATH");
  std::vector<std::string> command;
  if (options.as_root && !IsRoot()) {
    const auto sudo = programs.sudo ? FindProgram(programs, "sudo") : std::nullopt;
    if (!sudo)
      return Unavailable("'" + std::string(name) + "' needs root's rights", std::string(kRootHint));
    command = {sudo->string(), "-n"};
  }
  command.push_back(path->string());
  for (std::string& argument : arguments) command.push_back(std::move(argument));
  auto output = RunCommand(std::move(command), options.input, options.limit);
  if (!output.ok()) return output.error().Within("'" + std::string(name) + "'");
  return output;
}

std::string LastWords(const CommandOutput& output) {
  std::string words = LastLine(output.err);
  if (words.empty()) words = LastLine(output.out);
  return words.empty() ? output.status.ToString() : words;
}

}  // namespace edgeopt::hardware
