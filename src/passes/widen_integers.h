// widen-integers: arithmetic of narrow integers as arithmetic of wide ones between Casts.
#pragma once

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

// Returns the number of operators that were rewritten, in subgraphs too. Requires types. For
// targets that compute with int32 and int64 only.
Result<int64_t> WidenIntegers(ir::Model& model);

}  // namespace edgeopt::passes
