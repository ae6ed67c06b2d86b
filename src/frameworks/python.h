// Which Python makes an environment, and what it knows of the package index.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"

namespace edgeopt::frameworks {

// The versions that the locked packages have wheels for: from 3.11 on, before 3.14.
inline constexpr int kFirstMinor = 11, kEndMinor = 14;

struct Python {
  std::string executable;  // absolute
  int minor = 0;           // 11 of 3.11
  bool pip = false;
  // "NAME=value": where uv gets packages from, as pip is configured; nothing that the user has
  // told uv itself.
  std::vector<std::string> uv_environment;
};

// The commands that are tried, in order.
const std::vector<std::string>& PythonCandidates();

// The first of `candidates` whose version fits, one with pip before one without. `files`: what
// LayOutFiles made. Unavailable when there is none, with what was found.
Result<Python> FindPython(const std::vector<std::string>& candidates,
                          const std::filesystem::path& files, const CancelToken* cancel = nullptr);

}  // namespace edgeopt::frameworks
