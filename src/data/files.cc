#include "data/files.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/file.h"
#include "data/image.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

Error CantRead(const fs::path& folder, const std::error_code& why) {
  return BadInput("can't read the folder '" + folder.string() + "': " + why.message());
}

}  // namespace

Result<std::vector<fs::path>> ListFolder(const fs::path& folder) {
  std::error_code why;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, why), end; !why && at != end; at.increment(why))
    if (!at->path().filename().string().starts_with('.')) entries.push_back(at->path());
  if (why) return CantRead(folder, why);
  std::sort(entries.begin(), entries.end(), [](const fs::path& a, const fs::path& b) {
    return a.filename().native() < b.filename().native();
  });
  return entries;
}

Result<std::vector<fs::path>> ListImages(const fs::path& folder) {
  // Links to folders are followed, as data sets are often made of them; a circle of links ends
  // where the system gives up on the path.
  std::vector<fs::path> images;
  EDGEOPT_TRY(const std::vector<fs::path> entries, ListFolder(folder));
  for (const fs::path& entry : entries) {
    std::error_code why;
    if (fs::is_directory(entry, why)) {
      EDGEOPT_TRY(const std::vector<fs::path> inner, ListImages(entry));
      images.insert(images.end(), inner.begin(), inner.end());
    } else if (HasImageName(entry.filename().string())) {
      images.push_back(entry);
    }
  }
  return images;
}

bool HoldsImages(const fs::path& folder) {
  std::error_code why;
  for (fs::directory_iterator at(folder, why), end; !why && at != end; at.increment(why))
    if (HasImageName(at->path().filename().string())) return true;
  return false;
}

bool HasFolder(const fs::path& folder, std::string_view name) {
  std::error_code why;
  return fs::is_directory(folder / name, why);
}

Result<std::vector<std::string>> ReadClassNames(const fs::path& path) {
  EDGEOPT_TRY(const std::string text, ReadFile(path));
  std::vector<std::string> names;
  for (const std::string_view line : Lines(text)) names.emplace_back(Trimmed(line));
  while (!names.empty() && names.back().empty()) names.pop_back();
  if (names.empty()) return BadInput(path.string() + ": no class names", "write one name a line");
  std::set<std::string_view> seen;
  for (size_t i = 0; i < names.size(); ++i)
    if (!seen.insert(names[i]).second)
      return BadInput(path.string() + ":" + std::to_string(i + 1) + ": the class name '" +
                      names[i] + "' comes twice");
  return names;
}

int64_t IndexOf(const std::vector<std::string>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : found - names.begin();
}

SplitPath ParseSplit(const std::string& path) {
  std::error_code why;
  const size_t colon = path.rfind(':');
  if (colon == std::string::npos || fs::exists(path, why)) return {path, ""};
  return {path.substr(0, colon), path.substr(colon + 1)};
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

namespace {
template <typename T>
bool ParseWhole(std::string_view text, T* value) {
  text = Trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return failure == std::errc() && end == text.data() + text.size();
}
}  // namespace

bool ParseInteger(std::string_view text, int64_t* value) { return ParseWhole(text, value); }
bool ParseNumber(std::string_view text, double* value) { return ParseWhole(text, value); }

}  // namespace edgeopt::data
