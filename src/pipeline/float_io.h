// A model with integer inputs and outputs, seen as one with float ones: for comparing it with what
// it was made from.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "passes/quantize/integer_io.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// Run takes and returns float32 where `integers` names a value: quantized before, dequantized
// after. `session` must outlive the result, whose specs are the session's own.
std::unique_ptr<runtimes::Session> WithFloatIo(
    runtimes::Session& session, std::map<std::string, passes::quantize::IntegerValue> integers);

// The outputs that a QuantizeLinear with one constant scale makes, by name: integers that stand for
// numbers. Int16 counts, too.
std::map<std::string, passes::quantize::IntegerValue> QuantizedOutputs(const ir::Model& model);

}  // namespace edgeopt::pipeline
