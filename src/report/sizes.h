// What a report says of the sizes of inputs.
#pragma once

#include <string>

#include "report/record.h"

namespace edgeopt::report {

// Items of a Markdown list: the sizes that were asked for, those that are open and what the target
// does with them, those that were measured. Empty where the record knows none.
std::string SizesText(const Record& record);

}  // namespace edgeopt::report
