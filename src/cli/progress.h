// Progress for people: a bar with the time left on a terminal, plain lines elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/sinks.h"

namespace edgeopt::cli {

class ProgressPrinter : public Sink {
 public:
  enum class Style { kTerminal, kPlain, kQuiet };  // kQuiet: warnings only
  // `write` gets text for stderr; `now_s` is a monotonic clock in seconds.
  ProgressPrinter(Style style, std::function<void(std::string_view)> write,
                  std::function<double()> now_s);
  ~ProgressPrinter() override;

  void Start(std::string_view label, int64_t total) override;
  void Advance(int64_t done) override;
  void Finish() override;
  void Note(std::string_view text) override;
  void Warn(std::string_view text) override;

 private:
  void Draw(double now);
  void Erase();
  void Line(std::string_view text);

  Style style_;
  std::function<void(std::string_view)> write_;
  std::function<double()> now_s_;
  std::string label_;
  bool active_ = false, drawn_ = false;
  int64_t total_ = 0, done_ = 0;
  double started_s_ = 0, shown_s_ = 0;
};

}  // namespace edgeopt::cli
