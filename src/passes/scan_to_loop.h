// scan-to-loop: Scans as Loops (scan_to_loop.cc), so that what knows Loop knows Scan.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

// Returns how many Scans it replaced, those in subgraphs included; those of sequences of unknown
// length stay. Requires types, opset 11.
Result<int64_t> ScanToLoop(ir::Model& model);

}  // namespace edgeopt::passes
