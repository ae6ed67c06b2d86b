// A package as one file: a reproducible .tar.zst, and safe unpacking of one that comes from
// anywhere.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/file.h"
#include "base/result.h"

namespace edgeopt::package {

// Writes every regular file below `folder`, sorted by name, under the folder's own name. Owner,
// time and mode are fixed, so equal content gives equal bytes. Unsupported for links and special
// files.
Status WriteArchive(const std::filesystem::path& folder, const std::filesystem::path& archive,
                    Overwrite overwrite = Overwrite::kRefuse);

// What a hostile archive could otherwise use up.
struct ExtractLimits {
  int64_t max_bytes = int64_t{64} << 30;
  int64_t max_entries = 10'000;
};

// Unpacks into `into`, an existing folder, and returns the package's own folder in it. Only regular
// files and folders below one common folder are taken: BadInput for absolute names, "..", links,
// devices, names given twice, and for what goes beyond the limits or the free disk space.
Result<std::filesystem::path> ExtractArchive(const std::filesystem::path& archive,
                                             const std::filesystem::path& into,
                                             const ExtractLimits& limits = {});

}  // namespace edgeopt::package
