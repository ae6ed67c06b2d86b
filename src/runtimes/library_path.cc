#include "runtimes/library_path.h"

namespace edgeopt::runtimes {
namespace {

// As tools/setup names the folders: what `uname -m` prints.
#if defined(__x86_64__)
constexpr const char* kArchitecture = "x86_64";
#elif defined(__aarch64__)
constexpr const char* kArchitecture = "aarch64";
#else
#error "edgeopt runs on x86-64 and arm64"
#endif
constexpr const char* kCachedVersion = "onnxruntime-1.31.1";
constexpr const char* kFileName = "libonnxruntime.so.1";

}  // namespace

std::vector<std::filesystem::path> OnnxRuntimeCandidates(
    const std::filesystem::path& executable_folder, const std::filesystem::path& explicit_path,
    const std::filesystem::path& cache_folder) {
  if (!explicit_path.empty()) return {explicit_path};
  std::vector<std::filesystem::path> candidates;
  if (!executable_folder.empty())
    candidates.push_back((executable_folder / "../lib/edgeopt" / kFileName).lexically_normal());
  if (!cache_folder.empty())
    candidates.push_back(cache_folder / kCachedVersion / kArchitecture / "lib" / kFileName);
  return candidates;
}

}  // namespace edgeopt::runtimes
