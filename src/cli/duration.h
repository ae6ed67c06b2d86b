// Lengths of time as people write them.
#pragma once

#include <string>

#include "base/result.h"

namespace edgeopt::cli {

// Seconds: "5m" is 300; "90", "90s", "1.5h" likewise. Usage error, naming `option`, for anything
// else, and for what is not above zero.
Result<double> ParseDuration(const std::string& text, const std::string& option);

}  // namespace edgeopt::cli
