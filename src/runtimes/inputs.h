// What every runtime checks of the tensors that it is given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtimes/runtime.h"

namespace edgeopt::runtimes {

// The input that a tensor of this name is for: its own, the only one when the name is empty, or the
// sequence that it is an element of ("boxes[3]" of "boxes"). BadInput names those that there are.
Result<size_t> FindInput(const std::vector<TensorSpec>& inputs, const std::string& name);

// BadInput unless the tensor's type and shape are what the model declares.
Status CheckFits(const ir::Tensor& tensor, const TensorSpec& spec);

// Per input the tensors given for it: one, none when it is optional, any number for a sequence.
// Requires nothing; everything is checked. The pointers are into `tensors`.
Result<std::vector<std::vector<const ir::Tensor*>>> SortInputs(
    const std::vector<TensorSpec>& inputs, const std::vector<ir::Tensor>& tensors);

}  // namespace edgeopt::runtimes
