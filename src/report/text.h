// How numbers are written for people, the same in reports, tables and messages.
#pragma once

#include <cstdint>
#include <string>

#include "base/statistics.h"

namespace edgeopt::report {

// About three significant digits, without an exponent: "0.0412", "9.81", "120", "1530".
std::string Number(double value);
// A score in [0, 1] or an error: four decimals, "0.9152"; larger ones as Number.
std::string Score(double value);
// Signed, in per cent, with two decimals at most: "-0.40 %", "+12.0 %", "0 %".
std::string Percent(double ratio);
// Megabytes of 10^6 bytes: "4.84".
std::string Megabytes(int64_t bytes);
// "1.79 to 1.87"
std::string Range(const Interval& interval);

}  // namespace edgeopt::report
