// A long run under load as text.
#pragma once

#include <string>

#include "report/record.h"

namespace edgeopt::cli {

// Requires load.measured().
std::string SustainedText(const report::Sustained& load);

}  // namespace edgeopt::cli
