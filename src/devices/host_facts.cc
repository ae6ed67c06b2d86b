#include "devices/host_facts.h"

#include <algorithm>
#include <charconv>

namespace edgeopt::devices {
namespace {

// POSIX, but for the two variables of glibc's getconf. The folder of the agents may be missing yet:
// then the space where it will be counts.
constexpr std::string_view kProbe = R"sh(
echo "system=$(uname -s)"
echo "architecture=$(uname -m)"
echo "bits=$(getconf LONG_BIT 2>/dev/null)"
echo "glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null)"
echo "home=$HOME"
for folder in "$root"/*; do
  if [ -f "$folder/bin/edgeopt" ]; then echo "agent=${folder##*/}"; fi
done
place=$root
while [ ! -d "$place" ]; do place=$(dirname "$place"); done
set -- $(df -Pk "$place" 2>/dev/null | tail -n 1)
echo "free_kib=${4-}"
)sh";

constexpr std::string_view kGnu = "glibc ";  // before the version, as getconf prints it
constexpr int64_t kKib = 1024, kMostKib = INT64_MAX / kKib;
constexpr size_t kHashDigits = 64;

std::optional<int64_t> NumberFrom(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

void Take(std::string_view name, std::string_view value, HostFacts& facts) {
  if (name == "system") facts.system = value;
  if (name == "architecture") facts.architecture = value;
  if (name == "home") facts.home = value;
  if (name == "bits") facts.word_bits = value == "32" ? 32 : value == "64" ? 64 : 0;
  if (name == "glibc" && value.starts_with(kGnu))
    facts.glibc = ParseGlibcVersion(value.substr(kGnu.size()));
  if (name == "free_kib")
    if (const auto kib = NumberFrom(value); kib && *kib <= kMostKib) facts.free_bytes = *kib * kKib;
  // What is being made has a longer name.
  if (name == "agent" && value.size() == kHashDigits) facts.agents.emplace_back(value);
}

}  // namespace

Result<HostFacts> ParseHostFacts(std::string_view text) {
  HostFacts facts;
  for (const std::string_view line : LinesOf(text))
    if (const size_t equals = line.find('='); equals != std::string_view::npos)
      Take(line.substr(0, equals), line.substr(equals + 1), facts);
  if (!facts.home.starts_with('/'))
    return Unavailable("the account has no home folder: HOME is '" + facts.home + "'",
                       "give it one: agents are kept in ~/.cache/edgeopt");
  if (facts.architecture.empty()) return Unavailable("'uname -m' prints nothing");
  return facts;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Result<HostFacts> ProbeHost(SshHost& host) {
  EDGEOPT_TRY(const CommandOutput output,
              host.Run(std::string(kRootOfAgents) + std::string(kProbe)));
  if (!output.status.ok()) return ScriptFailed(host, "it can't be asked what it is", output);
  auto facts = ParseHostFacts(output.out);
  if (!facts.ok()) return facts.error().Within("on '" + host.address().text + "'");
  return facts;
}

Error ScriptFailed(const SshHost& host, const std::string& what, const CommandOutput& output) {
  std::string words = output.err;
  while (!words.empty() && (words.back() == '\n' || words.back() == ' ')) words.pop_back();
  words = words.substr(words.rfind('\n') + 1);
  if (words.empty()) words = output.status.ToString();
  const bool full = words.find("No space left") != std::string::npos ||
                    words.find("Disk quota exceeded") != std::string::npos;
  const bool forbidden = words.find("Permission denied") != std::string::npos ||
                         words.find("Read-only file system") != std::string::npos ||
                         words.find("Not a directory") != std::string::npos ||
                         words.find("not permitted") != std::string::npos;
  return Unavailable("on '" + host.address().text + "': " + what + ": " + words,
                     full ? "free disk space there; 'edgeopt device clean " + host.address().text +
                                "' removes earlier agents and models"
                     : forbidden
                         ? "~/.cache/edgeopt there must be a folder that the account may write to"
                         : "");
}

}  // namespace edgeopt::devices
