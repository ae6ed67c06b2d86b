#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

extern char** environ;

namespace edgeopt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kKeptErrorBytes = 64 * 1024;

void CloseFd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

milliseconds Left(steady_clock::time_point deadline) {
  return std::max(milliseconds(0),
                  std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()));
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string NameOf(const std::string& entry) { return entry.substr(0, entry.find('=')); }

std::vector<std::string> MergedEnvironment(const std::vector<std::string>& added) {
  std::vector<std::string> merged = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool replaced = false;
    for (const std::string& text : added) replaced |= NameOf(text) == NameOf(*entry);
    if (!replaced) merged.emplace_back(*entry);
  }
  return merged;
}

}  // namespace

std::string ExitStatus::ToString() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
}

Result<Subprocess> Subprocess::Start(Options options) {
  // The input is a socket, so that writing to a dead child gives EPIPE (MSG_NOSIGNAL), never
  // SIGPIPE.
  int input[2], output[2], error[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0 ||
      ::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(error, O_CLOEXEC) != 0)
    return Unavailable(std::string("can't create a pipe: ") + std::strerror(errno));

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input[1], 0);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  if (options.keep_error_output) ::posix_spawn_file_actions_adddup2(&actions, error[1], 2);
  if (!options.working_folder.empty())
    ::posix_spawn_file_actions_addchdir_np(&actions, options.working_folder.c_str());

  auto environment = MergedEnvironment(options.environment);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, options.argv.at(0).c_str(), &actions, nullptr,
                                    Pointers(options.argv).data(), Pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  CloseFd(input[1]);
  CloseFd(output[1]);
  CloseFd(error[1]);
  Subprocess child;
  child.max_line_bytes_ = options.max_line_bytes;
  child.on_error_output_ = std::move(options.on_error_output);
  child.in_ = input[0];
  child.out_ = output[0];
  child.err_ = error[0];
  if (failed != 0)
    return Unavailable("can't start '" + options.argv[0] + "': " + std::strerror(failed));
  child.pid_ = pid;
  return child;
}

Subprocess::Subprocess(Subprocess&& other) noexcept { *this = std::move(other); }

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(in_, other.in_);
  std::swap(out_, other.out_);
  std::swap(err_, other.err_);
  std::swap(max_line_bytes_, other.max_line_bytes_);
  std::swap(on_error_output_, other.on_error_output_);
  std::swap(out_text_, other.out_text_);
  std::swap(error_text_, other.error_text_);
  std::swap(status_, other.status_);
  return *this;
}

Subprocess::~Subprocess() {
  CloseInput();
  CloseFd(out_);
  CloseFd(err_);
  if (pid_ < 0 || status_) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Subprocess::CloseInput() { CloseFd(in_); }

void Subprocess::Kill() {
  if (pid_ > 0 && !status_) ::kill(pid_, SIGKILL);
}

Status Subprocess::Write(std::string_view text) {
  // Output is pumped meanwhile: a child that writes before it reads must not block both sides.
  while (!text.empty()) {
    if (in_ < 0) return Unavailable("the child's input is closed");
    pollfd ready = {in_, POLLOUT, 0};
    if (::poll(&ready, 1, 20) <= 0) {
      Pump(milliseconds(0));
      continue;
    }
    const ssize_t wrote = ::send(in_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (wrote < 0)
      return Unavailable(std::string("the child closed its input: ") + std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  return OkStatus();
}

// Reads what is there (waiting at most `timeout` for the first byte); false when stdout is at its
// end.
bool Subprocess::Pump(milliseconds timeout) {
  pollfd sources[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (::poll(sources, 2, static_cast<int>(timeout.count())) <= 0) return out_ >= 0;
  char chunk[1 << 16];
  if (sources[1].revents != 0) {
    const ssize_t got = ::read(err_, chunk, sizeof chunk);
    if (got > 0) {
      const std::string_view text(chunk, static_cast<size_t>(got));
      error_text_.append(text);
      if (on_error_output_) on_error_output_(text);
    } else if (got == 0 || errno != EINTR) {
      CloseFd(err_);
    }
    if (error_text_.size() > kKeptErrorBytes)
      error_text_.erase(0, error_text_.size() - kKeptErrorBytes);
  }
  if (sources[0].revents != 0) {
    const ssize_t got = ::read(out_, chunk, sizeof chunk);
    if (got > 0)
      out_text_.append(chunk, static_cast<size_t>(got));
    else if (got == 0 || errno != EINTR)
      CloseFd(out_);
  }
  return out_ >= 0;
}

Result<std::optional<std::string>> Subprocess::ReadLine(milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  size_t searched = 0;
  while (true) {
    const size_t newline = out_text_.find('\n', searched);
    if (newline != std::string::npos) {
      std::string line = out_text_.substr(0, newline);
      out_text_.erase(0, newline + 1);
      return std::optional<std::string>(std::move(line));
    }
    searched = out_text_.size();
    if (searched > max_line_bytes_)
      return BadInput("a line of more than " + std::to_string(max_line_bytes_) + " bytes");
    if (out_ < 0) {
      if (out_text_.empty()) return std::optional<std::string>();
      return std::optional<std::string>(std::exchange(out_text_, {}));
    }
    const milliseconds left = Left(deadline);
    if (left.count() == 0)
      return Unavailable("no answer within " + std::to_string(timeout.count()) + " ms");
    Pump(std::min(left, milliseconds(200)));
  }
}

Result<std::string> Subprocess::Read(milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  while (out_text_.empty() && out_ >= 0) {
    const milliseconds left = Left(deadline);
    if (left.count() == 0)
      return Unavailable("no answer within " + std::to_string(timeout.count()) + " ms");
    Pump(std::min(left, milliseconds(200)));
  }
  return std::exchange(out_text_, {});
}

Result<ExitStatus> Subprocess::Wait(milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  milliseconds pause(0);
  while (!status_) {
    int raw = 0;
    const pid_t ended = ::waitpid(pid_, &raw, WNOHANG);
    if (ended == pid_) {
      status_ = WIFSIGNALED(raw) ? ExitStatus{0, WTERMSIG(raw)} : ExitStatus{WEXITSTATUS(raw), 0};
      while (err_ >= 0 ||
             out_ >= 0) {  // what was written before the end; a grandchild may hold the pipe
        const size_t before = error_text_.size() + out_text_.size();
        Pump(milliseconds(10));
        if (error_text_.size() + out_text_.size() == before) break;
      }
      break;
    }
    if (ended < 0 && errno != EINTR)
      return Internal(std::string("waitpid: ") + std::strerror(errno));
    if (Left(deadline).count() == 0)
      return Unavailable("the process did not end within " + std::to_string(timeout.count()) +
                         " ms");
    if (out_ >= 0 || err_ >= 0) {
      Pump(std::min(Left(deadline), milliseconds(20)));
    } else {
      std::this_thread::sleep_for(pause);
      pause = std::min(pause + milliseconds(1), milliseconds(10));
    }
  }
  return *status_;
}

Result<CommandOutput> RunCommand(std::vector<std::string> argv, std::string_view input,
                                 milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  EDGEOPT_TRY(Subprocess child, Subprocess::Start({.argv = std::move(argv)}));
  if (!input.empty()) (void)child.Write(input);  // a child may end without reading all of it
  child.CloseInput();
  CommandOutput output;
  while (true) {
    auto line = child.ReadLine(Left(deadline));
    if (!line.ok()) return line.error();
    if (!line->has_value()) break;
    output.out += **line + "\n";
  }
  EDGEOPT_TRY(output.status, child.Wait(Left(deadline)));
  output.err = child.error_output();
  return output;
}

}  // namespace edgeopt
