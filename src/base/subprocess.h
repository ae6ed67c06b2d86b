// Child processes with piped standard input, output and error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt {

// How a child ended: an exit code, or the signal that killed it.
struct ExitStatus {
  int code = 0;    // valid when signal == 0
  int signal = 0;  // 0: ended by itself
  bool ok() const { return code == 0 && signal == 0; }
  std::string ToString() const;  // "exit code 3", "killed by signal 11 (Segmentation fault)"
};

// A running child. Destroying it closes the pipes, then kills and reaps the child.
class Subprocess {
 public:
  struct Options {
    std::vector<std::string> argv;         // argv[0] is looked up on PATH
    std::vector<std::string> environment;  // "NAME=value", added to the inherited environment
    std::string working_folder;            // empty: inherited
    bool keep_error_output = true;         // collect stderr; otherwise it is inherited
    size_t max_line_bytes = 256 << 20;     // of stdout: ReadLine refuses a longer line
    // Handed all that is collected of stderr, piece by piece, as it is read; may be empty.
    std::function<void(std::string_view)> on_error_output;
  };
  static Result<Subprocess> Start(Options options);
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  ~Subprocess();

  int pid() const { return pid_; }
  // Writes all of `text`. Unavailable when the child has closed its input (SIGPIPE is never
  // raised).
  Status Write(std::string_view text);
  void CloseInput();
  // One line of the child's stdout without its newline; nullopt at end of file.
  // Unavailable on time-out, BadInput when the line is too long (reading again can't help then).
  // Stderr is drained meanwhile, so the child never blocks on it.
  Result<std::optional<std::string>> ReadLine(std::chrono::milliseconds timeout);
  // What the child has written to stdout and nobody has read, at least one byte, for output that is
  // no text; empty at end of file. Unavailable on time-out. Stderr is drained as above.
  Result<std::string> Read(std::chrono::milliseconds timeout);
  // What the child has written to stderr until now (its last 64 KiB).
  const std::string& error_output() const { return error_text_; }
  void Kill();
  // Waits for the end. Unavailable on time-out.
  Result<ExitStatus> Wait(std::chrono::milliseconds timeout);

 private:
  Subprocess() = default;
  bool Pump(std::chrono::milliseconds timeout);
  int pid_ = -1, in_ = -1, out_ = -1, err_ = -1;
  size_t max_line_bytes_ = 0;
  std::function<void(std::string_view)> on_error_output_;
  std::string out_text_, error_text_;
  std::optional<ExitStatus> status_;
};

struct CommandOutput {
  ExitStatus status;
  std::string out, err;
};
// Runs a command to its end with `input` as its standard input.
Result<CommandOutput> RunCommand(std::vector<std::string> argv, std::string_view input = {},
                                 std::chrono::milliseconds timeout = std::chrono::minutes(10));

}  // namespace edgeopt
