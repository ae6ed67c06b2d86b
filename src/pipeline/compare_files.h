// The service behind `edgeopt compare`: two model files, each in the runtime of its format, on the
// same samples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "measure/compare.h"
#include "pipeline/agents.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct CompareFilesOptions {
  bool layers = true;  // false: outputs only
  int threads = 1;
  measure::CompareOptions compare;
};

// Samples for a model with these inputs.
struct ComparedData {
  std::vector<data::InputSpec> specs;
  std::shared_ptr<const data::Dataset> dataset;
};
using OpenSamples =
    std::function<Result<ComparedData>(const std::vector<runtimes::TensorSpec>& inputs)>;

// Values inside correspond by name (X, or X_quantized, as edgeopt's quantizer calls the integers of
// X): quantizers and converters keep the name of what they change. Integers of quantized tensors
// count as what they stand for. Inputs and outputs with other names belong together by their place.
// Models run in agents. BadInput when the models do not take the same inputs or do not have the
// reference's outputs.
Result<measure::Comparison> CompareFiles(const std::filesystem::path& reference,
                                         const std::filesystem::path& other,
                                         const AgentStarter& agents, const OpenSamples& open,
                                         const CompareFilesOptions& options);

}  // namespace edgeopt::pipeline
