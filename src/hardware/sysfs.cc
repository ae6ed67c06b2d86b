#include "hardware/sysfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>

namespace edgeopt::hardware {
namespace fs = std::filesystem;

std::optional<std::string> ReadText(const fs::path& path) {
  constexpr size_t kMaxBytes = 64 * 1024;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::string text;
  char chunk[4096];
  ssize_t got = 0;
  while (text.size() < kMaxBytes && (got = ::read(fd, chunk, sizeof chunk)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    text.append(chunk, static_cast<size_t>(got));
  }
  ::close(fd);
  if (got < 0) return std::nullopt;
  return std::string(Trimmed(text));
}

std::optional<int64_t> ReadInteger(const fs::path& path) {
  const auto text = ReadText(path);
  return text ? ParseInteger(*text) : std::nullopt;
}

std::vector<NumberedEntry> NumberedEntries(const fs::path& folder, std::string_view prefix) {
  std::vector<NumberedEntry> entries;
  std::error_code ec;
  for (fs::directory_iterator next(folder, ec), end; !ec && next != end; next.increment(ec)) {
    const std::string name = next->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto number = ParseInteger(std::string_view(name).substr(prefix.size()));
    if (number && *number >= 0 && *number < 1'000'000)
      entries.push_back({static_cast<int>(*number), next->path()});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return entries;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank(" \t\r\n\0", 5);
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

}  // namespace edgeopt::hardware
