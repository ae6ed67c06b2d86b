// uv, the program that makes environments: pinned and checked by hash, from the package index.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/sinks.h"
#include "frameworks/python.h"

namespace edgeopt::frameworks {

// <frameworks>/uv-<version>: where the pinned uv lies.
std::filesystem::path UvFolder(const std::filesystem::path& frameworks);
// Where uv keeps what it fetched: <frameworks>/uv-cache.
std::filesystem::path UvCacheFolder(const std::filesystem::path& frameworks);

// The pinned uv in UvFolder, which is fetched there by pip when it isn't; where
// that is not possible, the uv on the PATH, of whatever version: what it installs is checked by
// hash all the same. `frameworks` must be locked (install_lock.h). What pip said is in
// <frameworks>/uv.log. Unavailable when there is no uv to be had, Interrupted.
Result<std::string> FindUv(const std::filesystem::path& frameworks,
                           const std::filesystem::path& files, const Python& python, Sink& sink,
                           const CancelToken* cancel);

// The error of pip or uv from its output: what failed, whether it is the disk, the network, a hash
// or a missing wheel, and what to do. `what`: "installing PyTorch".
Error InstallError(const std::string& what, const std::string& output,
                   const std::filesystem::path& log);

}  // namespace edgeopt::frameworks
