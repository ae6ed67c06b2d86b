// How a user names a machine that ssh reaches, what ssh says when it can't be reached, and words
// for the shell there. Text only: ssh_host.h runs the programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::devices {

struct SshAddress {
  std::string text;         // as the user wrote it, for messages
  std::string destination;  // what ssh takes: "pi@raspberrypi.local"
  int port = 0;             // 0: what ssh's own configuration says

  // What a user types to look for himself: "ssh -p 2222 pi@raspberrypi.local".
  std::string Command(std::string_view program = "ssh") const;
};

// [USER@]NAME[:PORT], where NAME is a host's name or address, or a name of ~/.ssh/config; an IPv6
// address with a port stands in brackets. Usage error for anything that ssh could take as an option
// or hand on to a shell.
Result<SshAddress> ParseSshAddress(std::string_view text);

// `word` as one word for a POSIX shell.
std::string QuoteForShell(std::string_view word);
std::string QuoteForShell(const std::vector<std::string>& words);

// Why ssh itself failed (its exit code 255), from what it wrote to its standard error (OpenSSH's
// texts; they are never translated). Always Unavailable, with what to do about it.
Error ExplainSsh(const SshAddress& address, std::string_view error_output);

}  // namespace edgeopt::devices
