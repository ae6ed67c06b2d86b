#include "runtimes/library_path.h"

namespace edgeopt::runtimes {
namespace {

struct Place {
  const char* folder;  // in the cache
  const char* file;
};
constexpr Place kOnnxRuntime = {"onnxruntime-1.31.1", "libonnxruntime.so.1"};
constexpr Place kLiteRt = {"litert-2.1.4", "libLiteRt.so"};

std::vector<std::filesystem::path> Candidates(const Place& place,
                                              const std::filesystem::path& executable_folder,
                                              const std::filesystem::path& explicit_path,
                                              const std::filesystem::path& cache_folder,
                                              std::string_view architecture) {
  if (!explicit_path.empty()) return {explicit_path};
  std::vector<std::filesystem::path> candidates;
  if (!executable_folder.empty())
    candidates.push_back((executable_folder / "../lib/edgeopt" / place.file).lexically_normal());
  if (!cache_folder.empty())
    candidates.push_back(cache_folder / place.folder / architecture / "lib" / place.file);
  return candidates;
}

}  // namespace

std::vector<std::filesystem::path> OnnxRuntimeCandidates(
    const std::filesystem::path& executable_folder, const std::filesystem::path& explicit_path,
    const std::filesystem::path& cache_folder, std::string_view architecture) {
  return Candidates(kOnnxRuntime, executable_folder, explicit_path, cache_folder, architecture);
}

std::vector<std::filesystem::path> LiteRtCandidates(const std::filesystem::path& executable_folder,
                                                    const std::filesystem::path& explicit_path,
                                                    const std::filesystem::path& cache_folder,
                                                    std::string_view architecture) {
  return Candidates(kLiteRt, executable_folder, explicit_path, cache_folder, architecture);
}

Result<std::filesystem::path> FirstExisting(const std::vector<std::filesystem::path>& candidates,
                                            const std::string& runtime) {
  std::string tried;
  for (const std::filesystem::path& candidate : candidates) {
    std::error_code error;
    if (std::filesystem::exists(candidate, error)) return candidate;
    tried += (tried.empty() ? "'" : ", '") + candidate.string() + "'";
  }
  return Unavailable(
      runtime + "'s library is not there; looked for " + (tried.empty() ? "nothing" : tried),
      "run tools/setup, or name it with --runtime-library");
}

}  // namespace edgeopt::runtimes
