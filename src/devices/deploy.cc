#include "devices/deploy.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/buffer.h"
#include "base/hash.h"

namespace edgeopt::devices {
namespace {

constexpr int64_t kMegabyte = 1'000'000;
// So that the host's disk is not filled to the last byte.
constexpr int64_t kSpareBytes = 16 * kMegabyte;

// $@: hashes. Prints those whose content the store lacks; what is there may be damaged (a power
// cut). What a power cut left half-made is removed, unless it is so young that it may be at work.
constexpr std::string_view kMissing = R"sh(
if ! command -v sha256sum >/dev/null; then echo 'it has no sha256sum' >&2; exit 1; fi
find "$root" "$root/store" -maxdepth 1 -name '*.part.*' -mmin +60 -exec rm -rf {} + 2>/dev/null
for hash; do
  file=$root/store/$hash
  if [ -f "$file" ]; then found=$(sha256sum <"$file"); else found=; fi
  if [ "${found%% *}" != "$hash" ]; then echo "$hash"; fi
done
)sh";

// $1: the hash of the content on standard input. A message to a connection that is gone must not
// end the shell before it has tidied up.
constexpr std::string_view kReceive = R"sh(
trap '' PIPE
umask 077
mkdir -p "$root/store" || exit 1
part=$root/store/$1.part.$$
if cat >"$part"; then
  found=$(sha256sum <"$part")
  if [ "${found%% *}" = "$1" ]; then chmod 700 "$part" && mv -f "$part" "$root/store/$1" && exit 0
  else echo 'it arrived damaged or cut off' >&2; fi
fi
rm -f "$part"
exit 1
)sh";

// $1: the agent's hash; then pairs of a content's hash and its name. Exit code 3: the program does
// not start; what it said, and what the dynamic loader misses, is on standard error.
constexpr std::string_view kLayOut = R"sh(
trap '' PIPE
umask 077
agent=$1
shift
part=$root/$agent.part.$$
give_up() { cd /; rm -rf "$part"; exit "$1"; }
mkdir -p "$part/bin" "$part/lib/edgeopt" || give_up 1
while [ $# -gt 0 ]; do
  ln "$root/store/$1" "$part/$2" 2>/dev/null || cp "$root/store/$1" "$part/$2" || give_up 1
  shift 2
done
cd "$part" || give_up 1
LD_LIBRARY_PATH=$part/lib/edgeopt
export LD_LIBRARY_PATH
if ! ./bin/edgeopt --version 2>&1 >/dev/null; then
  LD_TRACE_LOADED_OBJECTS=1 ./bin/edgeopt 2>&1 | grep 'not found'
  give_up 3
fi >&2
sync
if [ -d "$root/$agent" ]; then give_up 0; fi
cd /
mv "$part" "$root/$agent" || give_up 1
)sh";

constexpr std::string_view kRun = R"sh(
cd "$root/$1" || exit 127
LD_LIBRARY_PATH=$root/$1/lib/edgeopt
export LD_LIBRARY_PATH
unset EDGEOPT_RUNTIME_LIBRARY
# ONNX Runtime would leave usage data in ~/.cache, which Clean does not know.
ORT_DISABLE_TELEMETRY=1
export ORT_DISABLE_TELEMETRY
./bin/edgeopt agent --store "$root/store"
exit $?
)sh";

constexpr std::string_view kClean = R"sh(
if [ -n "$(ls -A "${root%/*}/clocks" 2>/dev/null)" ]; then echo locked=; exit 0; fi
if [ ! -d "$root" ]; then exit 0; fi
echo "folder=$root"
set -- $(du -sk "$root")
echo "kib=${1-}"
for folder in "$root"/*; do
  if [ -f "$folder/bin/edgeopt" ]; then echo agent=; fi
done
for file in "$root"/store/*; do
  if [ -f "$file" ]; then echo file=; fi
done
rm -rf "$root" || exit 1
rmdir "${root%/*}/clocks" "${root%/*}" "${root%/*/*}" 2>/dev/null
exit 0
)sh";

constexpr int kDoesNotStart = 3;

std::string Script(std::string_view body) { return std::string(kRootOfAgents) + std::string(body); }

struct Hashed {
  const AgentFile* file;
  std::string sha256;
  int64_t size_bytes = 0;
};

Result<std::vector<Hashed>> HashAll(const std::vector<AgentFile>& files) {
  std::vector<Hashed> hashed;
  for (const AgentFile& file : files) {
    Hashed row{&file, {}, 0};
    EDGEOPT_TRY(row.sha256, Sha256File(file.local));
    std::error_code error;
    row.size_bytes = static_cast<int64_t>(std::filesystem::file_size(file.local, error));
    if (error) return Unavailable("can't read '" + file.local.string() + "': " + error.message());
    hashed.push_back(std::move(row));
  }
  return hashed;
}

std::string HashOfAgent(std::vector<Hashed> files) {
  std::sort(files.begin(), files.end(),
            [](const Hashed& a, const Hashed& b) { return a.file->name < b.file->name; });
  std::string text;
  for (const Hashed& row : files) text += row.sha256 + " " + row.file->name + "\n";
  return Sha256Hex(std::as_bytes(std::span(text)));
}

std::string Megabytes(int64_t bytes) {
  return std::to_string((bytes + kMegabyte - 1) / kMegabyte) + " MB";
}

// Each content once.
Result<std::map<std::string, const Hashed*>> MissingThere(SshHost& host,
                                                          const std::vector<Hashed>& files) {
  std::map<std::string, const Hashed*> wanted;
  for (const Hashed& row : files) wanted.emplace(row.sha256, &row);
  std::vector<std::string> hashes;
  for (const auto& [hash, row] : wanted) hashes.push_back(hash);
  EDGEOPT_TRY(const CommandOutput output, host.Run(Script(kMissing), hashes));
  if (!output.status.ok()) return ScriptFailed(host, "can't look for the agent's files", output);
  const auto lines = LinesOf(output.out);
  const std::set<std::string_view> missing(lines.begin(), lines.end());
  std::erase_if(wanted, [&](const auto& entry) { return !missing.contains(entry.first); });
  return wanted;
}

Status CheckSpace(const SshHost& host, const HostFacts& facts, int64_t needed_bytes) {
  if (!facts.free_bytes || needed_bytes + kSpareBytes <= *facts.free_bytes) return OkStatus();
  return Unavailable("on '" + host.address().text + "': the agent needs " +
                         Megabytes(needed_bytes + kSpareBytes) + " in " + facts.folder() + ", " +
                         Megabytes(*facts.free_bytes) + " are free",
                     "free space there; 'edgeopt device clean " + host.address().text +
                         "' removes earlier agents and models");
}

Status Send(SshHost& host, const Hashed& row, const std::function<void(size_t)>& sent) {
  EDGEOPT_TRY(const Buffer content, Buffer::Map(row.file->local));
  EDGEOPT_TRY(const CommandOutput output,
              host.Run(Script(kReceive), {row.sha256}, content.bytes(), sent));
  if (output.status.ok()) return OkStatus();
  return ScriptFailed(host, "can't store '" + row.file->local.filename().string() + "'", output);
}

bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// Why the program did not start there, from what it and the dynamic loader (ld.so(8)) said.
Error DoesNotStart(const SshHost& host, const std::string& words) {
  const std::string where = "on '" + host.address().text + "': the agent does not start: ";
  std::set<std::string_view> libraries;
  for (std::string_view line : LinesOf(words)) {
    if (line.find(" => not found") == std::string_view::npos) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    libraries.insert(line.substr(0, line.find(' ')));
  }
  if (!libraries.empty()) {
    std::string names;
    for (const std::string_view name : libraries)
      names += (names.empty() ? "" : ", ") + std::string(name);
    return Unavailable(where + "libraries are missing there: " + names,
                       "install them there, or put them into the folder lib/edgeopt that "
                       "--agent-files names");
  }
  std::string first = words.substr(0, words.find('\n'));
  if (first.empty()) first = "it says nothing";
  if (Contains(words, "not found (required by"))
    return Unavailable(where + first,
                       "its system is older than the one that the agent was built on; "
                       "use a newer one there, or other --agent-files");
  if (Contains(words, "Permission denied"))
    return Unavailable(where + first,
                       "the home there may be mounted without the right to run programs (noexec)");
  return Unavailable(where + first, "the files must be for that machine: --agent-files");
}

Status LayOut(SshHost& host, const std::string& agent, const std::vector<Hashed>& files) {
  std::vector<std::string> arguments = {agent};
  for (const Hashed& row : files) {
    arguments.push_back(row.sha256);
    arguments.push_back(row.file->name);
  }
  EDGEOPT_TRY(const CommandOutput output, host.Run(Script(kLayOut), arguments));
  if (output.status.ok()) return OkStatus();
  if (output.status.code == kDoesNotStart) return DoesNotStart(host, output.err);
  return ScriptFailed(host, "can't lay out the agent", output);
}

int64_t KibFrom(std::string_view text) {
  int64_t kib = 0;
  std::from_chars(text.data(), text.data() + text.size(), kib);
  return std::clamp<int64_t>(kib, 0, INT64_MAX / 1024);
}

}  // namespace

Result<Deployment> Deploy(SshHost& host, const HostFacts& facts,
                          const std::vector<AgentFile>& files, Sink& sink) {
  EDGEOPT_TRY(const std::vector<Hashed> hashed, HashAll(files));
  Deployment deployment;
  deployment.hash = HashOfAgent(hashed);
  const auto& there = facts.agents;
  if (std::find(there.begin(), there.end(), deployment.hash) != there.end()) return deployment;
  EDGEOPT_TRY(const auto missing, MissingThere(host, hashed));
  int64_t total = 0;
  for (const auto& [hash, row] : missing) total += row->size_bytes;
  EDGEOPT_CHECK_OK(CheckSpace(host, facts, total));
  sink.Start("copy the agent to " + host.address().text, total);
  Status sent;
  for (const auto& [hash, row] : missing) {
    sent = Send(host, *row, [&](size_t bytes) {
      sink.Advance(deployment.sent_bytes + static_cast<int64_t>(bytes));
    });
    if (!sent.ok()) break;
    deployment.sent_bytes += row->size_bytes;
    ++deployment.sent_files;
  }
  sink.Finish();
  EDGEOPT_CHECK_OK(sent);
  EDGEOPT_CHECK_OK(LayOut(host, deployment.hash, hashed));
  return deployment;
}

std::string AgentScript() { return Script(kRun); }

Result<Cleaned> Clean(SshHost& host) {
  EDGEOPT_TRY(const CommandOutput output, host.Run(Script(kClean)));
  if (!output.status.ok()) return ScriptFailed(host, "can't remove the agents", output);
  Cleaned cleaned;
  for (const std::string_view line : LinesOf(output.out)) {
    if (line == "locked=")
      return Unavailable(
          "the clocks of " + host.address().text +
              " are locked by edgeopt; what "
              "they were before stands in what would be removed",
          "set them back first: 'edgeopt device unlock " + host.address().text + "'");
    if (line.starts_with("folder=")) cleaned.folder = line.substr(7);
    if (line.starts_with("kib=")) cleaned.bytes = KibFrom(line.substr(4)) * 1024;
    cleaned.agents += line.starts_with("agent=");
    cleaned.files += line.starts_with("file=");
  }
  return cleaned;
}

}  // namespace edgeopt::devices
