// widen-floats: a model of float16, bfloat16 or float64 computes in float32.
#pragma once

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

struct WidenedFloats {
  bool any = false;
  bool half = false;  // float16 or bfloat16
};

// Inputs and outputs of 16 bits keep their types, with a Cast behind or before them; those of
// float64 become float32. Functions of the model have to be inlined before.
Result<WidenedFloats> WidenFloats(ir::Model& model);

}  // namespace edgeopt::passes
