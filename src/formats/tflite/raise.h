// From a TFLite file to the IR: one rule per operator. The mirror of lower.h.
#pragma once

#include <string>

#include "base/result.h"
#include "formats/tflite/file.h"
#include "ir/model.h"

namespace edgeopt::formats::tflite {

// What the signature of that name computes becomes what the file computes: other signatures are
// dropped. UsageError lists the names that the file has.
Status SelectSignature(File& file, const std::string& name);

// The subgraph of the first signature (without one: subgraph 0) as an ONNX model. Inputs and
// outputs keep order of axes, types, and the names of the signature (without one: of the tensors).
//
// Spatial operators, which are channels-last in TFLite, stand between two Transposes each
// (passes::layout::RemoveTransposes solves them). A quantized operator becomes DequantizeLinear -
// operator - QuantizeLinear; constants stay integers behind a DequantizeLinear; sparse and float16
// constants that a DENSIFY or DEQUANTIZE reads become plain float32.
//
// Requires Verify(file). Unsupported lists all operators that ONNX can't express, or that have a
// state; BadInput names one whose tensors or options don't fit it.
Result<ir::Model> Raise(const File& file);

// Some operator reads or writes quantized tensors: LiteRT then computes in integers, and rounds
// where ONNX does not. Weights that a DEQUANTIZE reads alone don't count.
bool ComputesInIntegers(const File& file);

}  // namespace edgeopt::formats::tflite
