// What an ELF file says about where it runs: for which processor it was made, and how new a glibc
// it asks for. Formats: the System V ABI's chapter "Object Files" (ELF-64), and the LSB Core
// Specification, "Symbol Versioning" (Elfxx_Verneed, Elfxx_Vernaux).
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace edgeopt::devices {

// "2.34"; of a symbol version "GLIBC_2.2.5" the third number is dropped: no system has only part
// of a release.
struct GlibcVersion {
  int major = 0, minor = 0;
  auto operator<=>(const GlibcVersion&) const = default;
  std::string ToString() const { return std::to_string(major) + "." + std::to_string(minor); }
};
// From "2.34", "2.34.1"; nullopt for anything else.
std::optional<GlibcVersion> ParseGlibcVersion(std::string_view text);

struct ElfFacts {
  std::string architecture;           // as `uname -m` says it: "x86_64", "aarch64", "arm"
  std::optional<GlibcVersion> glibc;  // the newest that it asks for; nullopt: none
};

// BadInput for what is no ELF file of a 64-bit little-endian machine, or is damaged: every offset
// is checked against the file. A 32-bit or big-endian file is Unsupported and named.
Result<ElfFacts> ParseElf(std::span<const std::byte> file);
Result<ElfFacts> ReadElf(const std::filesystem::path& path);

}  // namespace edgeopt::devices
