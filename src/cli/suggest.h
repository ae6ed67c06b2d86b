// "Did you mean": the nearest of some words.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace edgeopt::cli {

// The word with the smallest edit distance to `typed` if it is near enough to be a slip of the
// fingers (a third of the letters at most), else "".
std::string Nearest(std::string_view typed, std::span<const std::string> words);

}  // namespace edgeopt::cli
