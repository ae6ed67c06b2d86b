#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace edgeopt {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool IsScalar(char32_t code) { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

}  // namespace

std::u32string DecodeUtf8(std::string_view text) {
  std::u32string codes;
  codes.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      codes.push_back(lead);
      ++i;
      continue;
    }
    // Length and smallest code point of the form that the lead byte opens (RFC 3629, section 3).
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    const char32_t smallest = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
    bool valid = lead >= 0xC2 && lead <= 0xF4 && i + length <= text.size();
    char32_t code = lead & (0x7Fu >> length);
    for (size_t k = 1; valid && k < length; ++k) {
      const auto byte = static_cast<uint8_t>(text[i + k]);
      valid = (byte & 0xC0) == 0x80;
      code = code << 6 | (byte & 0x3F);
    }
    valid = valid && code >= smallest && IsScalar(code);
    codes.push_back(valid ? code : kReplacement);
    i += valid ? length : 1;
  }
  return codes;
}

void AppendUtf8(char32_t code, std::string& text) {
  if (!IsScalar(code)) code = kReplacement;
  const auto byte = [&](char32_t value) { text.push_back(static_cast<char>(value)); };
  const auto tail = [&](int shift) { byte(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    tail(6);
  } else {
    byte(0xF0 | code >> 18);
    tail(12);
    tail(6);
  }
  tail(0);
}

}  // namespace edgeopt
