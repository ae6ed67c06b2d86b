#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace edgeopt::cli {
namespace {

constexpr double kRedrawSeconds = 0.1;
// Elsewhere than on a terminal, work that takes long says so this often.
constexpr double kPlainSeconds = 10;
// Work quicker than this leaves no line behind.
constexpr double kWorthALineSeconds = 0.5;
constexpr int kBarColumns = 24;

// "7.2 s", "3 min 05 s", "1 h 02 min".
std::string Duration(double seconds) {
  char text[48];
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (seconds < 9.95) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else if (whole < 60) {
    std::snprintf(text, sizeof text, "%d s", static_cast<int>(whole));
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%d min %02d s", static_cast<int>(whole / 60),
                  static_cast<int>(whole % 60));
  } else {
    std::snprintf(text, sizeof text, "%lld h %02d min", static_cast<long long>(whole / 3600),
                  static_cast<int>(whole / 60 % 60));
  }
  return text;
}

}  // namespace

ProgressPrinter::ProgressPrinter(Style style, std::function<void(std::string_view)> write,
                                 std::function<double()> now_s)
    : style_(style), write_(std::move(write)), now_s_(std::move(now_s)) {}

ProgressPrinter::~ProgressPrinter() { Erase(); }

void ProgressPrinter::Start(std::string_view label, int64_t total) {
  if (active_) Finish();
  label_ = label;
  total_ = total;
  done_ = 0;
  active_ = true;
  started_s_ = shown_s_ = now_s_();
  if (style_ == Style::kTerminal) Draw(started_s_);
}

void ProgressPrinter::Advance(int64_t done) {
  done_ = done;
  const double now = now_s_();
  if (style_ == Style::kTerminal && now - shown_s_ >= kRedrawSeconds) Draw(now);
  const bool at_end = total_ > 0 && done_ >= total_;
  if (style_ == Style::kPlain && now - shown_s_ >= kPlainSeconds && !at_end) Draw(now);
}

void ProgressPrinter::Finish() {
  if (!active_) return;
  active_ = false;
  Erase();
  const double took = now_s_() - started_s_;
  if (style_ != Style::kQuiet && took >= kWorthALineSeconds) Line(label_ + ": " + Duration(took));
}

void ProgressPrinter::Note(std::string_view text) {
  if (style_ != Style::kQuiet) Line(text);
}

void ProgressPrinter::Warn(std::string_view text) { Line("warning: " + std::string(text)); }

void ProgressPrinter::Draw(double now) {
  shown_s_ = now;
  std::string left;
  double share = 0;
  if (total_ > 0) {
    share = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3.0f %%", share * 100);
    left = percent;
    if (share > 0 && share < 1)
      left += ", " + Duration((now - started_s_) * (1 - share) / share) + " left";
  } else if (done_ > 0) {
    left = std::to_string(done_);
  }
  if (style_ == Style::kPlain) {
    write_(label_ + ": " + left + "\n");
    return;
  }
  Erase();
  const int filled = static_cast<int>(share * kBarColumns);
  std::string line = label_.substr(0, 28);
  line.resize(28, ' ');
  line += " [" + std::string(static_cast<size_t>(filled), '#') +
          std::string(static_cast<size_t>(kBarColumns - filled), '.') + "] " + left;
  write_(line);
  drawn_ = true;
}

// Back to an empty line: carriage return, then "erase to end of line" (ECMA-48, EL).
void ProgressPrinter::Erase() {
  if (drawn_) write_("\r\x1b[K");
  drawn_ = false;
}

void ProgressPrinter::Line(std::string_view text) {
  Erase();
  write_(std::string(text) + "\n");
  if (active_ && style_ == Style::kTerminal) Draw(now_s_());
}

}  // namespace edgeopt::cli
