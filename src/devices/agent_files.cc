#include "devices/agent_files.h"

#include <algorithm>
#include <set>

#include "devices/elf.h"
#include "runtimes/library_path.h"

namespace edgeopt::devices {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kArm64 = "aarch64", kX64 = "x86_64";
constexpr char kProgramName[] = "bin/edgeopt", kLibraryFolder[] = "lib/edgeopt/";
// The program for boards, as CMake names it; where it is not there, the whole edgeopt does as well.
constexpr char kAgentName[] = "edgeopt-agent";
constexpr int kWordBits = 64;

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<fs::path> ProgramPlaces(std::string_view architecture, const AgentSources& sources) {
  if (const fs::path& folder = sources.folder; !folder.empty())
    return {folder / kLibraryFolder / kAgentName, folder / kProgramName, folder / kAgentName,
            folder / "edgeopt"};
  const fs::path beside = sources.program.parent_path();
  if (architecture == runtimes::kOwnArchitecture)
    return {beside / kAgentName, beside.parent_path() / kLibraryFolder / kAgentName,
            sources.program};
  // As the Makefile names the build folders.
  const fs::path build = beside.parent_path() / (architecture == kArm64 ? "build-arm64" : "build");
  return {build / kAgentName, build / "edgeopt"};
}

Result<fs::path> FindProgram(std::string_view architecture, const AgentSources& sources) {
  std::string tried;
  for (const fs::path& place : ProgramPlaces(architecture, sources)) {
    if (IsFile(place)) return place;
    tried += (tried.empty() ? "'" : ", '") + place.string() + "'";
  }
  const std::string build = architecture == kArm64 && sources.folder.empty()
                                ? "build it with 'make arm64', or name"
                                : "name";
  return Unavailable(
      "there is no edgeopt for " + std::string(architecture) + " here; looked for " + tried,
      build + " a folder with bin/edgeopt and lib/edgeopt/ with --agent-files");
}

// Libraries that lie in the user's own folder, among them what the program needs besides runtimes.
std::vector<AgentFile> LibrariesIn(const fs::path& folder) {
  std::vector<AgentFile> files;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.find(".so") != std::string::npos && IsFile(entry->path()))
      files.push_back({entry->path(), kLibraryFolder + name});
  }
  std::sort(files.begin(), files.end(),
            [](const AgentFile& a, const AgentFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace

Result<std::vector<AgentFile>> FindAgentFiles(std::string_view architecture,
                                              const AgentSources& sources) {
  EDGEOPT_TRY(const fs::path program, FindProgram(architecture, sources));
  std::vector<AgentFile> files = {{program, kProgramName}};
  // A program that lies among its libraries has no ../lib/edgeopt.
  const bool flat = !sources.folder.empty() && program.parent_path() == sources.folder;
  if (!sources.folder.empty()) {
    const auto libraries = LibrariesIn(flat ? sources.folder : sources.folder / kLibraryFolder);
    files.insert(files.end(), libraries.begin(), libraries.end());
  }
  const bool own = sources.folder.empty() && architecture == runtimes::kOwnArchitecture;
  const fs::path beside = flat ? fs::path() : (own ? sources.program : program).parent_path();
  const auto onnxruntime =
      runtimes::OnnxRuntimeCandidates(beside, sources.runtime_library, sources.cache, architecture);
  const auto litert = runtimes::LiteRtCandidates(beside, {}, sources.cache, architecture);
  const auto add = [&](const std::vector<fs::path>& candidates, const std::string& name) {
    const std::string place = kLibraryFolder + name;
    const auto same = [&](const AgentFile& file) { return file.name == place; };
    const auto found = runtimes::FirstExisting(candidates, name);
    if (!found.ok()) return std::any_of(files.begin(), files.end(), same);
    const bool named = candidates.front() == sources.runtime_library;
    if (named) std::erase_if(files, same);
    if (std::none_of(files.begin(), files.end(), same)) files.push_back({*found, place});
    return true;
  };
  const bool has_onnxruntime = add(onnxruntime, "libonnxruntime.so.1");
  const bool has_litert = add(litert, "libLiteRt.so");
  const bool named_is_missing =
      !sources.runtime_library.empty() && !IsFile(sources.runtime_library);
  if (named_is_missing || (!has_onnxruntime && !has_litert)) {
    const Error error = runtimes::FirstExisting(onnxruntime, "ONNX Runtime").error();
    const bool other = architecture != runtimes::kOwnArchitecture;
    return Unavailable(error.message, "run tools/setup" + std::string(other ? " --arch " : "") +
                                          std::string(other ? architecture : "") +
                                          ", or put it into the folder that --agent-files names");
  }
  return files;
}

Status CheckHost(const HostFacts& facts, std::string_view host) {
  const std::string who = "'" + std::string(host) + "'";
  if (facts.system != "Linux")
    return Unsupported(who + " runs " + facts.system + "; agents are built for Linux");
  const bool arm = facts.architecture.starts_with("arm") || facts.architecture == kArm64;
  const std::string remedy =
      arm ? "install the 64-bit system (on a Raspberry Pi: Raspberry Pi OS, 64-bit)" : "";
  if (facts.architecture != kX64 && facts.architecture != kArm64)
    return Unsupported(
        who + " is " + facts.architecture + "; agents are built for x86_64 and aarch64", remedy);
  // A 64-bit kernel below a 32-bit system, as older Raspberry Pi OS has it, says aarch64 all the
  // same.
  if (facts.word_bits != 0 && facts.word_bits != kWordBits)
    return Unsupported(who + " runs a " + std::to_string(facts.word_bits) +
                           "-bit system on its 64-bit kernel; agents need a 64-bit one",
                       remedy);
  return OkStatus();
}

Status CheckAgentFiles(const std::vector<AgentFile>& files, const HostFacts& facts,
                       std::string_view host) {
  const std::string who = "'" + std::string(host) + "'";
  for (const AgentFile& file : files) {
    EDGEOPT_TRY(const ElfFacts elf, ReadElf(file.local));
    if (elf.architecture != facts.architecture)
      return Unsupported(
          "'" + file.local.string() + "' is built for " + elf.architecture + ", " + who + " is " +
              facts.architecture,
          "name a folder with the files for " + facts.architecture + " with --agent-files");
    if (facts.glibc && elf.glibc && *elf.glibc > *facts.glibc)
      return Unsupported(
          "'" + file.local.string() + "' needs glibc " + elf.glibc->ToString() + " or newer, " +
              who + " has " + facts.glibc->ToString(),
          "use a newer system there, or files built on an older one (--agent-files)");
  }
  return OkStatus();
}

}  // namespace edgeopt::devices
