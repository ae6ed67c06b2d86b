// Points in time as texts, for records and names of files.
#pragma once

#include <cstdint>
#include <string>

namespace edgeopt {

inline constexpr const char* kIso8601 = "%Y-%m-%dT%H:%M:%SZ";

// Seconds since 1970 as UTC, "2026-11-28T09:43:01Z"; `format` is strftime's.
std::string UtcTime(int64_t seconds, const char* format = kIso8601);
// The same of now.
std::string UtcNow(const char* format = kIso8601);

}  // namespace edgeopt
