// What LiteRT prints, as text. It has a logger and an error reporter, but its library exports no
// function that changes where the logger writes: the C library's `stderr`.
#pragma once

#include <string>
#include <vector>

namespace edgeopt::runtimes::litert {

// While one lives, what this thread prints through the C library's `stderr` is kept, not shown. The
// first one makes `stderr` a stream of ours for the rest of the process; other threads' text, and
// this one's afterwards, still goes to file descriptor 2. std::cerr is another stream.
class MessageCapture {
 public:
  MessageCapture();
  ~MessageCapture();
  MessageCapture(const MessageCapture&) = delete;
  MessageCapture& operator=(const MessageCapture&) = delete;

  // Warnings and errors, one line, without LiteRT's source locations and what it says of every
  // model; at most a few hundred characters.
  std::string Explain() const;

 private:
  std::string text_;
  std::string* outer_;  // the capture that this one interrupts
};

// The line that Explain() makes of printed text.
std::string TidyMessages(const std::string& printed);

}  // namespace edgeopt::runtimes::litert
