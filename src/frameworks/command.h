// A program that runs for long, with its output kept, a time limit, and Ctrl-C.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "base/subprocess.h"

namespace edgeopt::frameworks {

struct Command {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=value", added to the inherited environment
  std::filesystem::path working_folder;  // empty: inherited
  std::chrono::milliseconds limit = std::chrono::minutes(10);
  const CancelToken* cancel = nullptr;
  std::function<void()> tick;  // called now and then while it runs; may be empty
};

struct CommandEnd {
  ExitStatus status;
  std::string out;     // standard output
  std::string output;  // standard output, then the last 64 KiB of standard error
};

// Runs it to its end, whatever its exit code. Unavailable when it can't be started or is not done
// at its limit, Interrupted when cancelled; it is killed then.
Result<CommandEnd> RunToEnd(Command command);

// What its output says of why it failed, on one line: from the last "error:" on, shortened.
std::string LastError(const std::string& output);

}  // namespace edgeopt::frameworks
