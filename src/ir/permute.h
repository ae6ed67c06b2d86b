// The elements of a tensor in another order of axes.
#pragma once

#include <vector>

#include "ir/tensor.h"

namespace edgeopt::ir {

// Axis i of the result is axis permutation[i] of `tensor` (ONNX Transpose), whatever its element
// type. Requires a permutation of the tensor's axes.
Tensor Permuted(const Tensor& tensor, const std::vector<int64_t>& permutation);

// The permutations that turn dims `from` into `to` by leaving the axes as they are or by moving the
// channels, axis 1 to the end or the last one to axis 1; in this order, none when nothing fits. -1
// fits every size.
std::vector<std::vector<int64_t>> ChannelMoves(const Dims& from, const Dims& to);

}  // namespace edgeopt::ir
