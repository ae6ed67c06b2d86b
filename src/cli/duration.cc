#include "cli/duration.h"

#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

namespace edgeopt::cli {

Result<double> ParseDuration(const std::string& text, const std::string& option) {
  static const std::map<std::string_view, double> kUnits = {
      {"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const auto unit = kUnits.find(std::string_view(rest, static_cast<size_t>(end - rest)));
  if (error != std::errc() || unit == kUnits.end() || !std::isfinite(number) || number <= 0)
    return UsageError(option + ": '" + text + "' is no length of time", "write 30s, 5m or 1h");
  return number * unit->second;
}

}  // namespace edgeopt::cli
