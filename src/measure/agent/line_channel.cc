#include "measure/agent/line_channel.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace edgeopt::measure {

LineChannel::Got LineChannel::Read(std::string& line) {
  size_t searched = 0;
  while (true) {
    const size_t newline = pending_.find('\n', searched);
    if (newline != std::string::npos) {
      line = pending_.substr(0, newline);
      pending_.erase(0, newline + 1);
      const bool too_long = std::exchange(skipping_, false) || line.size() > max_line_bytes_;
      return too_long ? Got::kTooLong : Got::kLine;
    }
    searched = pending_.size();
    if (pending_.size() > max_line_bytes_) {
      skipping_ = true;
      pending_.clear();
      searched = 0;
    }
    if (ended_) return Got::kEnd;  // what is left is no line
    char chunk[1 << 16];
    const ssize_t got = ::read(in_, chunk, sizeof chunk);
    if (got > 0)
      pending_.append(chunk, static_cast<size_t>(got));
    else if (got == 0 || errno != EINTR)
      ended_ = true;
  }
}

bool LineChannel::Write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(out_, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

bool LineChannel::HungUp() const {
  if (ended_) return true;
  pollfd source = {in_, POLLRDHUP, 0};
  return ::poll(&source, 1, 0) > 0 && (source.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace edgeopt::measure
