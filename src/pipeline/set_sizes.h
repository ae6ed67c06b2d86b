// A model at other input sizes: all that is inside is inferred anew, and what was exported for one
// batch alone is made to follow it where that is proven, and proven to compute the same.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "pipeline/input_shapes.h"
#include "pipeline/oracle.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct SizedModel {
  ir::Model model;
  std::vector<InputChange> inputs;    // that changed; empty: the model has these sizes already
  std::vector<std::string> followed;  // Reshape nodes whose constant held the batch

  bool fits_original() const;  // the original runs at these sizes as it is
  bool batch_changed() const;
};

// The graph alone; VerifySizes says whether it runs. No type but those of inputs and outputs is
// kept: the file's would be of the old sizes. A Reshape to a constant shape that holds the fixed
// batch follows its data's instead, where the sizes prove which axis of it is the batch, or begins
// with it. Usage error as ApplySizes.
Result<SizedModel> SetSizes(const ir::Model& model, const AskedSizes& asked);

// Runs it in ONNX Runtime beside the original. Where the batch changed, each sample of a batch must
// have the outputs that the original has for it alone (or in a batch of its own size); of an open
// batch, batches of 1 and of 3 are run. Where the original takes the sizes, outputs must be its
// outputs. Within 1e-4 of each output's range; of quantized models and those with float16, within
// what tolerance.h gives these. Where the original doesn't take them, it is compared with the model
// at these sizes and the original's batch, or, with no change of the batch, has to run.
// `verification`: data gives single samples. The result: `against` ("the original", "the model of
// its own batch", or null: nothing to compare with), `batches`, and what tolerance.h says.
// Unsupported where it does not run, naming the node that the runtime names; GateFailed, with the
// numbers, where outputs differ.
Result<nlohmann::json> VerifySizes(const ir::Model& original, const SizedModel& sized,
                                   const OracleInputs& verification, runtimes::Runtime& onnxruntime,
                                   Sink& sink);

}  // namespace edgeopt::pipeline
