// Base64 (RFC 4648, section 4): padded, no line breaks.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace edgeopt::measure {

std::string EncodeBase64(std::span<const std::byte> bytes);
// nullopt for anything but the canonical form (length, alphabet, padding, unused bits zero).
std::optional<std::vector<std::byte>> DecodeBase64(std::string_view text);

}  // namespace edgeopt::measure
