// What of a quantized variant really runs in int8, what does not, and why: told from the account of
// its step (docs/formats/answers.md, quantize).
#pragma once

#include <string>
#include <vector>

#include "report/record.h"

namespace edgeopt::report {

// A line each, for people; none for a step without such an account.
std::vector<std::string> KernelLines(const Step& step);

}  // namespace edgeopt::report
