// What TensorRT's runtime must know of an ONNX file.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

// BadInput as formats::ReadOnnx, and for inputs and outputs that are no tensors of known rank.
//
// Meant to be INT8 is a node that multiplies (Conv, ConvTranspose, Gemm, MatMul) whose first two
// inputs are dequantized, and any other whose inputs are all dequantized and whose outputs all are
// quantized again. Nodes without a name are left out: TensorRT's layers are matched by names.
Result<runtimes::ModelFacts> OnnxFacts(const std::filesystem::path& path);

}  // namespace edgeopt::measure
