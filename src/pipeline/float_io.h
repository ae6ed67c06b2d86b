// A model with integer inputs and outputs, seen as one with float ones: for comparing it with what
// it was made from, and for feeding it data that is float.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "measure/agent_client.h"
#include "passes/quantize/integer_io.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// By name.
using Integers = std::map<std::string, passes::quantize::IntegerValue>;

// The quantized ones among a model's inputs or outputs, as their file describes them.
Integers IntegersOf(std::span<const runtimes::TensorSpec> specs);

// float32 tensors that `integers` names become integers; others stay as they are.
std::vector<ir::Tensor> ToIntegers(std::vector<ir::Tensor> tensors, const Integers& integers);

// Takes and returns float32 where `integers` names a value: quantized before, dequantized after.
// Integers are taken too. `session` must outlive the result.
std::unique_ptr<runtimes::Session> WithFloatIo(runtimes::Session& session, Integers integers);

// A model in an agent, with float outputs.
struct FloatModel {
  std::unique_ptr<measure::AgentClient> client;
  std::unique_ptr<runtimes::Session> raw, session;
};
// `inputs`: those that are given as floats.
FloatModel AsFloat(std::unique_ptr<measure::AgentClient> client, const Integers& inputs);

// The outputs that a QuantizeLinear with one constant scale makes, by name: integers that stand for
// numbers. Int16 counts, too.
Integers QuantizedOutputs(const ir::Model& model);

}  // namespace edgeopt::pipeline
