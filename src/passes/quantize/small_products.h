// Convolutions and matrix products for which TensorRT's int8 kernels gain nothing.
#pragma once

#include <string>

#include "ir/graph.h"

namespace edgeopt::passes::quantize {

// Why the node stays float; empty when it does not. `weight`: Conv [M, C / group, ...],
// ConvTranspose [C, M / group, ...], Gemm and MatMul rank 2. Types must be inferred.
//
// Source: modelopt/onnx/quantization/graph_utils.py of NVIDIA's Model-Optimizer: int8 kernels take
// 16 channels at a time, padded where one side is 8 and the layer is the first or the other side is
// large; depthwise kernels from 3 x 3 on; a product with a single row or column is bound by reading
// its weights and uses no tensor core.
std::string SmallProduct(const ir::Graph& graph, const ir::Node& node, const ir::Tensor& weight);

}  // namespace edgeopt::passes::quantize
