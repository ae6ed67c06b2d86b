#include "formats/onnx/message.h"

namespace edgeopt::formats::internal {

std::string Message(std::string_view text) {
  constexpr size_t kLongest = 600;
  constexpr std::string_view kAssertion = "` failed: ";
  if (const size_t at = text.find(kAssertion); at != std::string_view::npos)
    text.remove_prefix(at + kAssertion.size());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string line;
  for (const char c : text.substr(0, kLongest)) {
    if (c == '$') continue;  // left over from its format strings
    if (c == '\n')
      line += line.empty() || line.back() == ':' ? " " : "; ";
    else
      line += c;
  }
  return text.size() > kLongest ? line + "..." : line;
}

}  // namespace edgeopt::formats::internal
