// What a file of another format looks like, for error messages. Internal to formats.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace edgeopt::formats::internal {

// The first bytes of the file (64 are enough). The error says what they look like.
Error NotOnnx(std::span<const std::byte> start, const std::string& why);
// "a zip archive"; empty when the bytes look like nothing known.
std::string LooksLike(std::span<const std::byte> start);

}  // namespace edgeopt::formats::internal
