// A machine that the system's ssh reaches: scripts and files over one shared connection. Nothing
// here knows what they are for.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "devices/ssh_address.h"

namespace edgeopt::devices {

// The exit code by which ssh tells that it failed itself.
inline constexpr int kSshFailed = 255;

struct SshOptions {
  std::string program = "ssh";         // looked up on PATH
  std::vector<std::string> arguments;  // further ones, before the destination
};

// One connection (ssh's ControlMaster, its socket in a private folder) carries every command; it
// ends with the object, and with this process however that ends: the other end waits on a pipe of
// ours. No password is ever asked for (BatchMode). A connection that went dead is noticed within
// half a minute. Calls from several threads are allowed.
//
// Every function answers Unavailable, with a remedy, when ssh fails (ExplainSsh); how a script ends
// is its own result.
class SshHost {
 public:
  static Result<std::shared_ptr<SshHost>> Connect(SshAddress address, SshOptions options = {});
  ~SshHost();
  SshHost(const SshHost&) = delete;
  SshHost& operator=(const SshHost&) = delete;

  const SshAddress& address() const { return address_; }

  // Connects anew where the connection has ended.
  Status Reconnect();

  // Runs `script` there by the POSIX shell, whatever the login shell is, with `arguments` as $1, $2
  // and so on; tools speak English (LC_ALL=C). The shell gets `input` as its standard input, and
  // `sent` is told how many bytes of it went out.
  Result<CommandOutput> Run(std::string_view script, const std::vector<std::string>& arguments = {},
                            std::span<const std::byte> input = {},
                            const std::function<void(size_t)>& sent = {});

  // The command that does so here, with standard input, output and error passed through; its exit
  // code is the script's, 128 plus the signal that killed it, or ssh's 255.
  std::vector<std::string> Argv(std::string_view script,
                                const std::vector<std::string>& arguments = {}) const;

  // Why an ssh that ended with 255 did: from what it wrote and, where the connection that it shared
  // is gone, from what that one wrote.
  Error Explain(std::string_view error_output);

 private:
  SshHost(SshAddress address, SshOptions options, TemporaryFolder folder);
  std::vector<std::string> Base() const;
  Status OpenMaster();
  bool MasterEnded();

  const SshAddress address_;
  const SshOptions options_;
  const TemporaryFolder folder_;  // of the socket
  std::mutex mutex_;              // guards master_
  std::optional<Subprocess> master_;
};

}  // namespace edgeopt::devices
