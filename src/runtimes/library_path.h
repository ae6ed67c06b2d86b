// Where a runtime's shared library is looked for. Pure: the caller says where the program, the
// cache and the user's own library are.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::runtimes {

// That this program was built for, as `uname -m` says it.
#if defined(__x86_64__)
inline constexpr std::string_view kOwnArchitecture = "x86_64";
#elif defined(__aarch64__)
inline constexpr std::string_view kOwnArchitecture = "aarch64";
#else
#error "edgeopt runs on x86-64 and arm64"
#endif

// In the order in which they are tried:
//   1. `explicit_path` if it is not empty, and then nothing else: a library that the user names is
//      never replaced by another one in silence
//   2. EXECUTABLE_FOLDER/../lib/edgeopt/FILE   (an installed edgeopt)
//   3. CACHE_FOLDER/FOLDER/ARCHITECTURE/lib/FILE   (tools/setup)
// FOLDER and FILE are onnxruntime-1.31.1 and libonnxruntime.so.1, or litert-2.1.4 and libLiteRt.so.
// Empty folders are left out. ARCHITECTURE is what `uname -m` says where the library will run, and
// this program's own unless told.
std::vector<std::filesystem::path> OnnxRuntimeCandidates(
    const std::filesystem::path& executable_folder, const std::filesystem::path& explicit_path,
    const std::filesystem::path& cache_folder, std::string_view architecture = kOwnArchitecture);
std::vector<std::filesystem::path> LiteRtCandidates(
    const std::filesystem::path& executable_folder, const std::filesystem::path& explicit_path,
    const std::filesystem::path& cache_folder, std::string_view architecture = kOwnArchitecture);

// The first of `candidates` that exists. Unavailable names them all when none does: `runtime` is
// how the message calls it ("ONNX Runtime").
Result<std::filesystem::path> FirstExisting(const std::vector<std::filesystem::path>& candidates,
                                            const std::string& runtime);

}  // namespace edgeopt::runtimes
