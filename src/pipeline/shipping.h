// Which variants can be what ships: the device decides the format.
#pragma once

#include "base/result.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// The variant has the sizes that were asked for and the format that the run is for (record.format;
// "any" takes all but a source in its framework): it is made for TensorRT, or its file has that
// format.
bool Ships(const report::Record& record, const report::Step& step);

// The step's model runs in TensorRT: on the machine that a host names, or on this one where it is
// the device. Elsewhere it has a stand-in (report::HasStandIn).
bool RunsInTensorRt(const report::Record& record, const report::Step& step);

// Unsupported when the best variant so far does not ship, with what kept the conversion from being
// made.
Status CheckShips(const report::Record& record);

}  // namespace edgeopt::pipeline
