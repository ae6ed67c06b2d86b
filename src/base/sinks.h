// Where progress and warnings go. The library never prints: it is handed a sink; the command line
// shows progress on a terminal and plain lines elsewhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace edgeopt {

// Called from one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  // Work of `total` units begins (0: unknown).
  virtual void Start(std::string_view /*label*/, int64_t /*total*/) {}
  // So many units are done by now.
  virtual void Advance(int64_t /*done*/) {}
  virtual void Finish() {}
  // A line for the user that is neither a result nor an error.
  virtual void Note(std::string_view /*text*/) {}
  virtual void Warn(std::string_view /*text*/) {}
};

// A sink that drops everything.
inline Sink& SilentSink() {
  static Sink sink;
  return sink;
}

// Set by Ctrl-C (or a caller); long loops look at it and return Interrupted().
class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

}  // namespace edgeopt
