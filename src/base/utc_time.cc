#include "base/utc_time.h"

#include <ctime>

namespace edgeopt {

std::string UtcTime(int64_t seconds, const char* format) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc = {};
  ::gmtime_r(&time, &utc);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, format, &utc));
}

std::string UtcNow(const char* format) {
  return UtcTime(static_cast<int64_t>(std::time(nullptr)), format);
}

}  // namespace edgeopt
