// The programs that a board brings: where they are, and running one with a time limit and, where
// allowed, with root's rights.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/subprocess.h"

namespace edgeopt::hardware {

// The folders on PATH, then those where boards keep their programs and that an ssh session's PATH
// often lacks: /usr/sbin (nvpmodel), /usr/bin, /usr/local/bin, /usr/src/tensorrt/bin (trtexec).
std::vector<std::filesystem::path> DefaultProgramFolders();

// Where programs are looked up, in this order, and whether `sudo` may be used.
struct Programs {
  std::vector<std::filesystem::path> folders = DefaultProgramFolders();
  // Without being root: run what needs root with `sudo -n`, which never asks for a password.
  bool sudo = false;
};

// The first executable file of that name; `name` is a plain name.
std::optional<std::filesystem::path> FindProgram(const Programs& programs, std::string_view name);

struct RunOptions {
  std::chrono::milliseconds limit = std::chrono::seconds(10);
  bool as_root = false;
  std::string_view input;  // its standard input, closed behind it: questions get no answer
};
// Runs it to its end, whatever its exit code. Unavailable when it is not there, when it needs root
// and this process has no way to be root, or when the limit is over: the program is then killed -
// except below sudo, where it belongs to root and its end is waited for.
Result<CommandOutput> RunProgram(const Programs& programs, std::string_view name,
                                 std::vector<std::string> arguments,
                                 const RunOptions& options = {});

// This process is root.
bool IsRoot();
// Ok when programs can be run as root; else Unavailable with what to do about it.
Status CanBeRoot(const Programs& programs);

// What a program said last, for an error message: its last line of stderr, else of stdout, else how
// it ended.
std::string LastWords(const CommandOutput& output);

// Where to look: the file system below `root` (a fake one in tests) and the programs.
struct Host {
  std::filesystem::path root = "/";
  Programs programs;
};

}  // namespace edgeopt::hardware
