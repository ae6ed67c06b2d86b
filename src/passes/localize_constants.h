// localize-constants: small constants that subgraphs capture, as their own (localize_constants.cc).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

// Returns how many captured values it replaced.
Result<int64_t> LocalizeConstants(ir::Model& model);

}  // namespace edgeopt::passes
