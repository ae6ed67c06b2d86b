// The options that optimize and preflight share: what a run is asked to do.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/data_options.h"
#include "pipeline/run_options.h"

namespace edgeopt::cli {

class Parser;

// As typed; ToRunOptions reads it.
struct RunArguments {
  std::string model, device = "cpu-generic", format, metric, tolerance = "2%", policy = "stop",
                     work;
  std::string calibration;
  int64_t calibration_samples = 0;
  std::vector<std::string> metric_parameters;  // NAME=VALUE
  double latency_target_ms = 0;                // 0: none
  int threads = 0;
  DataOptions data;
};

void AddRunOptions(Parser& parser, RunArguments& arguments);
// Usage error for what can't be read: a tolerance, a metric parameter.
Result<pipeline::RunOptions> ToRunOptions(const RunArguments& arguments);

}  // namespace edgeopt::cli
