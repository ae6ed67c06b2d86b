// Inputs for measuring latency when there is no data. Never for calibration or accuracy.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

struct RandomInputOptions {
  uint64_t seed = 1;
  // Sizes of dimensions that are decided at run time, by symbol ("batch") or by input name and
  // position ("x:0"). The others are 1.
  std::map<std::string, int64_t> sizes;
};

// One tensor per input, the same on every machine. Floating point: uniform in [0, 1). 8- and 16-bit
// integers: their whole range. 32- and 64-bit integers: 0 or 1, since these are mostly indices,
// masks and lengths, where another number may be out of range. bool: either. Strings: empty.
// Sequences get one element. Unsupported names an input of another kind; a size for a dimension
// that no input has is a usage error.
Result<std::vector<ir::Tensor>> RandomInputs(std::span<const runtimes::TensorSpec> specs,
                                             const RandomInputOptions& options = {});

}  // namespace edgeopt::measure
