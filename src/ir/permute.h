// The elements of a tensor in another order of axes.
#pragma once

#include <vector>

#include "ir/tensor.h"

namespace edgeopt::ir {

// Axis i of the result is axis permutation[i] of `tensor` (ONNX Transpose), whatever its element
// type. Requires a permutation of the tensor's axes.
Tensor Permuted(const Tensor& tensor, const std::vector<int64_t>& permutation);

}  // namespace edgeopt::ir
