// integer-io: inputs and outputs of a quantized model that are integers themselves.
//
// Before:   x float32 (input) -> QuantizeLinear -> ...; ... -> DequantizeLinear -> y float32
//           (output)
// After:    x int8 or uint8 (input) -> ...; ... -> y (output)
// Requires: Q/DQ form with constant scales; an input that anything but one QuantizeLinear reads,
//           and an output that no DequantizeLinear makes, keep their type.
// Maths:    uint8 is int8 with a zero point 128 higher.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes::quantize {

// real = (q - zero_point) * scale, q of `type`.
struct IntegerValue {
  ir::DataType type = ir::DataType::kInt8;
  float scale = 1;
  int32_t zero_point = 0;
};

// `type` is int8 or uint8. Returns the inputs and outputs that were changed, by name.
Result<std::map<std::string, IntegerValue>> MakeIntegerIo(ir::Model& model, ir::DataType type);

}  // namespace edgeopt::passes::quantize
