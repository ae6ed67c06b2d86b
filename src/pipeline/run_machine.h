// The machine that measures the models of a run, which need not be this one.
#pragma once

#include "measure/machine.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// As the record knows it: of the last measurement, or of the host; else this machine.
measure::Machine RunMachine(const report::Record& record);

}  // namespace edgeopt::pipeline
