// Keep or revert: one variant against the baseline and the best so far.
#pragma once

#include <string>

#include "report/record.h"

namespace edgeopt::pipeline {

struct Verdict {
  report::Decision decision = report::Decision::kPending;
  std::string reason;  // with the exact numbers
};

// Requires latency, speed-ups and accuracy of `step`, and the baseline's and best_before's.
//
// Slower than the baseline or than the best so far, with an interval that leaves no doubt:
// reverted, whatever its accuracy. Else below the accuracy floor: violated. Else faster without
// doubt: kept. Else (no measurable difference) kept when it is smaller, or when it is a
// simplification, on which later steps build and which must not be larger; reverted otherwise. A
// baseline or best in a format that does not ship (pipeline/shipping.h) is no yardstick for speed:
// the first variant in the device's format is kept when its accuracy is. Where another runtime
// stood in for TensorRT, times do not count at all, and the smaller of two files is kept.
Verdict Decide(const report::Record& record, const report::Step& step);

// The lowest (for errors: highest) score that the tolerance allows.
double Floor(const report::Record& record);

}  // namespace edgeopt::pipeline
