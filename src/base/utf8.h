// UTF-8 to code points.
#pragma once

#include <string>
#include <string_view>

namespace edgeopt {

// Each malformed byte (also of overlong forms and surrogates) becomes U+FFFD, so that any input has
// code points to count.
std::u32string DecodeUtf8(std::string_view text);
// Appends the code point; U+FFFD for one that Unicode does not have.
void AppendUtf8(char32_t code_point, std::string& text);

}  // namespace edgeopt
