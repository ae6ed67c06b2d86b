// Lines in and out of file descriptors: the agent's side of the pipe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace edgeopt::measure {

class LineChannel {
 public:
  // The descriptors stay the caller's.
  LineChannel(int in_fd, int out_fd, size_t max_line_bytes)
      : in_(in_fd), out_(out_fd), max_line_bytes_(max_line_bytes) {}

  enum class Got { kLine, kTooLong, kEnd };
  // Waits for the next line; without its newline. A line that is too long is skipped whole.
  Got Read(std::string& line);
  // False when the other side has gone.
  bool Write(std::string_view text);
  // The other side has closed the input (and nothing waits to be read).
  bool HungUp() const;

 private:
  int in_, out_;
  size_t max_line_bytes_;
  std::string pending_;
  bool skipping_ = false, ended_ = false;
};

}  // namespace edgeopt::measure
