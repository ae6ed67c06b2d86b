// The small text files of /sys and /proc: one value each. What can't be read, or is not what it
// should be, is "not known" (nullopt): sensors that are switched off answer with an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeopt::hardware {

// The file's text without blanks and NULs around it (the device tree ends its texts with NUL), at
// most 64 KiB of it. Never waits: a pipe without a writer is empty.
std::optional<std::string> ReadText(const std::filesystem::path& path);
// The file's text when it is one whole number in decimal.
std::optional<int64_t> ReadInteger(const std::filesystem::path& path);

// The entries of `folder` that are named `prefix` and a number, in the numbers' order: cpu0, cpu1,
// cpu10. Empty when there is no such folder.
struct NumberedEntry {
  int number = 0;
  std::filesystem::path path;
};
std::vector<NumberedEntry> NumberedEntries(const std::filesystem::path& folder,
                                           std::string_view prefix);

// `text` without blanks and NULs around it.
std::string_view Trimmed(std::string_view text);
// All of `text` as a number; nullopt for anything before or after it, and for what is not finite.
std::optional<int64_t> ParseInteger(std::string_view text);
std::optional<double> ParseNumber(std::string_view text);
// The parts between `separator`s, empty ones included: "a,,b" is three.
std::vector<std::string_view> Split(std::string_view text, char separator);

}  // namespace edgeopt::hardware
