// Which variants can be what ships: the device decides the format.
#pragma once

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// The variant has the format that the run is for (record.format; "any" takes all).
bool Ships(const report::Record& record, const report::Step& step);

// Unsupported when the best variant so far does not ship, with what kept the conversion from being
// made.
Status CheckShips(const report::Record& record);

}  // namespace edgeopt::pipeline
