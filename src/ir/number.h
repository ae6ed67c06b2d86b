// A number as a scalar of a type that is known at run time.
#pragma once

#include <optional>

#include "ir/tensor.h"

namespace edgeopt::ir {

// nullopt for types that C++ has no numbers of (float16, bfloat16, strings ...). What does not fit
// into an integer type, which C++ leaves open, is 0; fractions are cut off.
std::optional<Tensor> NumberOf(double value, DataType type);

}  // namespace edgeopt::ir
