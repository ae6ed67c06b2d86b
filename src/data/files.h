// Folders and small text files of data sets.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgeopt::data {

// What the folder holds, sorted by name as bytes, without hidden entries. BadInput when it can't be
// read.
Result<std::vector<std::filesystem::path>> ListFolder(const std::filesystem::path& folder);
// All images of the folder and its sub-folders, sorted by path.
Result<std::vector<std::filesystem::path>> ListImages(const std::filesystem::path& folder);
// Whether the folder directly holds an image; a sub-folder of that name.
bool HoldsImages(const std::filesystem::path& folder);
bool HasFolder(const std::filesystem::path& folder, std::string_view name);

// One class name a line (blank lines at the end are none). BadInput for a name that comes twice.
Result<std::vector<std::string>> ReadClassNames(const std::filesystem::path& path);
// The index of the name, or -1.
int64_t IndexOf(const std::vector<std::string>& names, std::string_view name);

// "FOLDER:train" is {"FOLDER", "train"}; a path that exists as it stands has no split.
struct SplitPath {
  std::filesystem::path path;
  std::string split;
};
SplitPath ParseSplit(const std::string& path);

std::string_view Trimmed(std::string_view text);
// Text into lines, without their ends (\n or \r\n).
std::vector<std::string_view> Lines(std::string_view text);
std::string Lower(std::string_view text);  // of ASCII letters
// The whole text as a number.
bool ParseInteger(std::string_view text, int64_t* value);
bool ParseNumber(std::string_view text, double* value);

}  // namespace edgeopt::data
