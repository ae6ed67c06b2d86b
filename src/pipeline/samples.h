// Between data sets and whatever runs a model on samples.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "ir/model.h"
#include "measure/calibrate.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// The inputs that a caller must feed: those without a default value.
std::vector<data::InputSpec> InputSpecsOf(const ir::Model& model);

// The same; integers that stand for floats (a DequantizeLinear alone reads them) as these: what
// models are given that are seen through WithFloatIo.
std::vector<data::InputSpec> FloatInputSpecsOf(const ir::Model& model);

// Samples of the data set as the model takes them. `dataset` must outlive the source.
measure::SampleSource SourceOf(const data::Dataset& dataset, std::vector<data::InputSpec> specs);

// The same in batches where the model fixes one of more than one sample (data/batched.h). The data
// set lives as long as the source.
struct SizedSamples {
  std::shared_ptr<const data::Dataset> data;  // null: there is none
  measure::SampleSource source;
  int64_t count = 0;  // of what the source has
};
SizedSamples SamplesFor(std::shared_ptr<const data::Dataset> data,
                        const std::vector<data::InputSpec>& specs);

// The inputs with sizes in place of dynamic dimensions, such that the model runs: what data is
// generated for. An error when no sizes that are tried fit.
Result<std::vector<data::InputSpec>> FittingSpecs(runtimes::Session& session);

}  // namespace edgeopt::pipeline
