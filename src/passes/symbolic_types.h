// Shapes that ONNX's inference leaves open, told by equations between symbols: a batch that comes
// out of a Reshape to -1 is the batch that went in.
#pragma once

#include "base/result.h"
#include "passes/pass.h"

namespace edgeopt::passes {

// Replaces, in the types of all values, symbols by the numbers or symbols that they are proven to
// equal. What counts as proof, per operator, stands in symbolic_types.cc. Types are changed and
// nothing else.
Status RefineTypes(ir::Model& model, const Context& context);

}  // namespace edgeopt::passes
