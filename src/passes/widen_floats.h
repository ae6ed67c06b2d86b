// widen-floats: a model of float16, bfloat16 or float64 computes in float32.
#pragma once

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

struct WidenedFloats {
  bool any = false;
  bool half = false;  // float16 or bfloat16
};

// Inputs and outputs keep their types, with a Cast behind or before them. Functions of the model
// have to be inlined before.
Result<WidenedFloats> WidenFloats(ir::Model& model);

}  // namespace edgeopt::passes
