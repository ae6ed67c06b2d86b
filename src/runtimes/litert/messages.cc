#include "runtimes/litert/messages.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <string_view>

namespace edgeopt::runtimes::litert {
namespace {

constexpr size_t kLongestExplanation = 600;
constexpr size_t kLongestCapture = 1 << 16;

thread_local std::string* captured = nullptr;

// The stream's writer; called on the thread that prints, since the stream has no buffer.
ssize_t WriteCaptured(void*, const char* data, size_t size) {
  if (captured == nullptr) return ::write(STDERR_FILENO, data, size);
  captured->append(data,
                   std::min(size, kLongestCapture - std::min(kLongestCapture, captured->size())));
  return static_cast<ssize_t>(size);
}

// glibc's manual, "Standard Streams": stderr is a variable that a program may set. Never closed:
// another thread may be printing to it.
void RedirectStderr() {
  cookie_io_functions_t functions = {};
  functions.write = WriteCaptured;
  FILE* stream = ::fopencookie(nullptr, "w", functions);
  if (stream == nullptr) return;  // no memory: LiteRT's text stays visible
  (void)std::setvbuf(stream, nullptr, _IONBF, 0);
  stderr = stream;
}

// "ERROR: [compiled_model.cc:162] text", "tflite/core/subgraph.cc:2610 text".
std::string_view WithoutLocation(std::string_view line) {
  for (const std::string_view severity : {"ERROR: ", "WARNING: "})
    if (line.starts_with(severity)) line.remove_prefix(severity.size());
  if (line.starts_with('['))
    if (const size_t end = line.find("] "); end != std::string_view::npos)
      line.remove_prefix(end + 2);
  const size_t space = line.find(' ');
  const std::string_view first = line.substr(0, space);
  if (space != std::string_view::npos && first.find(".cc:") != std::string_view::npos)
    line.remove_prefix(space + 1);
  return line;
}

}  // namespace

MessageCapture::MessageCapture() : outer_(captured) {
  static const bool once = (RedirectStderr(), true);
  (void)once;
  captured = &text_;
}

MessageCapture::~MessageCapture() { captured = outer_; }

std::string MessageCapture::Explain() const { return TidyMessages(text_); }

std::string TidyMessages(const std::string& printed) {
  std::string explanation;
  for (size_t start = 0; start < printed.size();) {
    const size_t end = std::min(printed.find('\n', start), printed.size());
    std::string_view line = std::string_view(printed).substr(start, end - start);
    start = end + 1;
    if (line.starts_with("INFO: ") || line.starts_with("VERBOSE: ")) continue;
    line = WithoutLocation(line);
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0)
      line.remove_suffix(1);
    if (line.empty() || explanation.find(line) != std::string::npos) continue;
    if (!explanation.empty()) explanation += explanation.back() == '.' ? " " : "; ";
    explanation += line;
  }
  if (explanation.size() > kLongestExplanation)
    explanation = explanation.substr(0, kLongestExplanation) + "...";
  return explanation;
}

}  // namespace edgeopt::runtimes::litert
