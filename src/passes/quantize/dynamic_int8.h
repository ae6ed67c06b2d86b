// Dynamic INT8: weights int8 in the file, activations quantized at run time. For matrix products
// and recurrent layers only - a dynamic convolution is 8 to 12 times slower than a float one.
#pragma once

#include <string>
#include <vector>

#include "ir/model.h"
#include "passes/quantize/exclusions.h"

namespace edgeopt::passes::quantize {

struct DynamicOptions {
  Exclusions exclusions;
  bool reduced_range = false;  // 7-bit weights: x86 without VNNI
  // Look-up tables (Gather) of at least this many bytes become int8 rows with one scale each.
  int64_t min_table_bytes = 64 * 1024;
};

struct DynamicReport {
  struct Row {
    std::string label, op_type;
    bool quantized = false;
    std::string reason;  // why not
  };
  std::vector<Row> rows;  // MatMul, Gemm, LSTM, GRU, RNN, Conv, Gather nodes
};

// MatMul and Gemm with a constant [K, N] weight become DynamicQuantizeLinear (one per activation) >
// MatMulInteger > Cast > Mul by both scales (> Add bias), with uint8 activations and int8 weights,
// one scale per output column; ONNX Runtime fuses that to DynamicQuantizeMatMul. LSTM becomes ONNX
// Runtime's com.microsoft.DynamicQuantizeLSTM. Gather tables become int8 rows. Requires inferred
// types and opset 11. Unsupported when nothing can be quantized.
Result<DynamicReport> QuantizeDynamic(ir::Model& model, const DynamicOptions& options);

// The look-up tables alone, for models quantized statically. No row: there is none.
Result<DynamicReport> QuantizeTables(ir::Model& model, const DynamicOptions& options);

}  // namespace edgeopt::passes::quantize
