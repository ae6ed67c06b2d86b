// Accuracy of a model on a data set: samples are decoded ahead on their own threads, run through
// the model, and handed to the metric one by one. Memory does not grow with the data set.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "data/dataset.h"
#include "metrics/metric.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct EvaluateOptions {
  std::string metric;
  std::map<std::string, std::string> metric_parameters;
  int decode_threads = 1;
  // Samples per run. 0: several where the model takes any number and gives for each sample what it
  // gives for it alone (checked on the first samples), else one.
  int64_t batch_size = 0;
  std::string label;  // of the progress
  Sink* sink = nullptr;
  const CancelToken* cancel = nullptr;
};

struct Evaluated {
  metrics::Score score;
  int64_t batch_size = 1;
};

// `baseline` gives the references of a metric of agreement and may be the model itself; nullptr
// where the metric needs none. BadInput for data that does not fit the model, labels out of range,
// NaN in outputs; kUnavailable when memory ends.
Result<Evaluated> Evaluate(runtimes::Session& model, runtimes::Session* baseline,
                           const data::Dataset& dataset, const EvaluateOptions& options);

// The inputs of a loaded model, for opening data.
std::vector<data::InputSpec> InputSpecsOf(const std::vector<runtimes::TensorSpec>& inputs);

}  // namespace edgeopt::pipeline
