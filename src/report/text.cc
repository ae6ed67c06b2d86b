#include "report/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace edgeopt::report {
namespace {

std::string Fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

std::string Number(double value) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value == 0) return "0";
  // Digits in front of the point of the value as rounded: 9.997 is written 10.0.
  const double rounded_up = std::abs(value) * (1 + 0.5e-3);
  const int magnitude = static_cast<int>(std::floor(std::log10(rounded_up)));
  const int decimals = std::clamp(2 - magnitude, 0, 8);
  std::string text = Fixed(value, decimals);
  // 2.00 stays (it says how precise), but whole counts lose nothing by "2".
  if (value == std::round(value) && std::abs(value) < 1e15) text = Fixed(value, 0);
  return text;
}

std::string Score(double value) {
  return std::isfinite(value) && std::abs(value) < 10 ? Fixed(value, 4) : Number(value);
}

std::string Percent(double ratio) {
  const double percent = ratio * 100;
  if (std::abs(percent) < 0.005) return "0 %";
  const int decimals = std::abs(percent) < 10 ? 2 : std::abs(percent) < 100 ? 1 : 0;
  return (percent > 0 ? "+" : "") + Fixed(percent, decimals) + " %";
}

std::string Megabytes(int64_t bytes) { return Number(static_cast<double>(bytes) / 1e6); }

std::string Range(const Interval& interval) {
  return Number(interval.low) + " to " + Number(interval.high);
}

}  // namespace edgeopt::report
