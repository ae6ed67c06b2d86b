// Where a runtime's shared library is looked for. Pure: the caller says where the program, the
// cache and the user's own library are.
#pragma once

#include <filesystem>
#include <vector>

namespace edgeopt::runtimes {

// In the order in which they are tried:
//   1. `explicit_path` if it is not empty, and then nothing else: a library that the user names is
//      never replaced by another one in silence
//   2. EXECUTABLE_FOLDER/../lib/edgeopt/libonnxruntime.so.1   (an installed edgeopt)
//   3. CACHE_FOLDER/onnxruntime-1.31.1/ARCHITECTURE/lib/libonnxruntime.so.1   (tools/setup)
// Empty folders are left out.
std::vector<std::filesystem::path> OnnxRuntimeCandidates(
    const std::filesystem::path& executable_folder, const std::filesystem::path& explicit_path,
    const std::filesystem::path& cache_folder);

}  // namespace edgeopt::runtimes
