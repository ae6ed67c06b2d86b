// What has to be known of a machine before an agent can be put there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "devices/elf.h"
#include "devices/ssh_host.h"

namespace edgeopt::devices {

// Empty, 0 or nullopt: not known.
struct HostFacts {
  std::string system;        // `uname -s`: "Linux"
  std::string architecture;  // `uname -m`: "aarch64", "x86_64", "armv7l"
  int word_bits = 0;         // of its programs: 32 on a 32-bit system, whatever the kernel is
  std::optional<GlibcVersion> glibc;  // nullopt also where the C library is another one
  std::optional<int64_t> free_bytes;  // where the agents lie
  std::string home;                   // absolute
  std::vector<std::string> agents;    // folders of whole agents, by their hash

  std::string folder() const { return home + "/.cache/edgeopt/agents"; }
};

// Sets $root in a script to what HostFacts::folder() is.
inline constexpr std::string_view kRootOfAgents =
    "root=${HOME:?the account has no home}/.cache/edgeopt/agents\n";

// Asks for all of it by one command. Unavailable when the host can't be asked.
Result<HostFacts> ProbeHost(SshHost& host);

// From what the probe's script prints: lines NAME=VALUE. Unavailable when the home or the processor
// is not among them; values that can't be read count as not known.
Result<HostFacts> ParseHostFacts(std::string_view text);

// What a script printed, line by line.
std::vector<std::string_view> LinesOf(std::string_view text);

// How a script that failed there is told: "on 'pi@board': WHAT: its last words".
Error ScriptFailed(const SshHost& host, const std::string& what, const CommandOutput& output);

}  // namespace edgeopt::devices
