// Where workers' standard error is kept: a file for each worker that writes any.
#pragma once

#include <filesystem>

#include "frameworks/framework.h"

namespace edgeopt::frameworks {

// So many files are kept in a folder, each with the last 4 MiB that its worker wrote.
inline constexpr int kKeptLogs = 20;

// <cache>/frameworks/logs, for workers outside of a run.
std::filesystem::path LogsFolder(const std::filesystem::path& cache);

// The name for one more: <folder>/<framework>-<UTC>.log. The oldest files go, so that there are not
// more than kKeptLogs with it. Nothing is made here, and nothing fails: a log is worth no error.
std::filesystem::path NewLog(const std::filesystem::path& folder, Framework framework);

}  // namespace edgeopt::frameworks
