// From the IR to a TFLite file: one rule per operator, over a graph whose layout is solved
// (passes/layout) and whose types are known.
#pragma once

#include <string>

#include "base/result.h"
#include "formats/tflite/file.h"
#include "ir/model.h"

namespace edgeopt::formats::tflite {

struct LowerOptions {
  // Constant float32 operands of this many elements or more are stored in float16, with a
  // DEQUANTIZE before their readers; 0: none. XNNPACK folds it when the model is loaded.
  int64_t float16_from_elements = 0;
  std::string description = "edgeopt";
};

// Whether there is a rule for the operator in some layout, whatever it says of the operator's
// forms.
bool HasRule(const ir::Node& node);

// Requires types of all values with known rank, activations in float32 (or in integers between
// QuantizeLinear and DequantizeLinear), and operators of ONNX 13 or later. Names of inputs and
// outputs become those of the signature "serving_default".
//
// A DequantizeLinear - operator - QuantizeLinear group becomes one integer operator where TFLite
// has it, uint8 values become int8; elsewhere QUANTIZE and DEQUANTIZE stand for them. A Relu, Relu6
// or Clip to [-1, 1] becomes part of the operator before it where that can do it.
//
// Unsupported names all nodes that TFLite can't express, with what to do.
Result<File> Lower(const ir::Model& model, const LowerOptions& options = {});

}  // namespace edgeopt::formats::tflite
