// What the plan looks at: facts about the model, taken at the start and of the simplified model,
// and kept in the record.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "ir/model.h"
#include "measure/machine.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct ModelFacts {
  int64_t nodes = 0, macs = 0, parameters = 0, parameter_bytes = 0;
  // Multiply-accumulates of matrix products and recurrent layers with constant weights: what
  // dynamic int8 can speed up (passes/quantize/dynamic_int8.h).
  int64_t dynamic_macs = 0;
  // The same for static int8: convolutions and matrix products.
  int64_t static_macs = 0;
  // Weights of the operators of dynamic_macs.
  int64_t dynamic_parameter_bytes = 0;
  bool quantized = false;  // holds Q/DQ or integer operators already
  bool float16 = false;    // computes in 16-bit floats already
  // The CPU multiplies 16-bit floats itself and the runtime has kernels for it.
  bool float16_gains = false;
};

// Requires inferred types. `float16_gains` is the machine's; it can't be read off the model.
ModelFacts InspectFacts(const ir::Model& model, bool float16_gains);

// Whether 16-bit floats are faster on this machine: ONNX Runtime has kernels for them on arm64 with
// half-precision arithmetic only; elsewhere it converts around each operator.
bool Float16Gains(const measure::Machine& machine);

// Of the model that further steps start from: the simplified one, once that was kept (its branches
// inlined and constants folded show work that the original hid), else the original. nullopt before
// the original was inspected.
Result<std::optional<ModelFacts>> KnownFacts(const report::Record& record);

nlohmann::json ToJson(const ModelFacts& facts);
Result<ModelFacts> FactsFromJson(const nlohmann::json& document);

}  // namespace edgeopt::pipeline
