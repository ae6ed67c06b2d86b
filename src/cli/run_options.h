// The options that optimize and preflight share: what a run is asked to do.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/agents.h"
#include "cli/conditions.h"
#include "cli/data_options.h"
#include "cli/source_arguments.h"
#include "pipeline/run_options.h"

namespace edgeopt::cli {

class Parser;

// As typed; ToRunOptions reads it.
struct RunArguments {
  std::string model, device, format, metric, tolerance = "2%", policy = "stop", work;
  std::string calibration;
  int64_t calibration_samples = 0;
  std::vector<std::string> metric_parameters;  // NAME=VALUE
  double latency_target_ms = 0;                // 0: none
  int threads = 0;
  HostsArguments hosts;
  ConditionArguments conditions;
  int power_mode = -1;    // -1: the one that is set
  int dla_core = -1;      // -1: none
  std::string sustained;  // a length of time, or "0"; empty: the machine's default
  DataOptions data;
  SourceArguments source;
};

void AddRunOptions(Parser& parser, RunArguments& arguments);
// Usage error for what can't be read: a tolerance, a metric parameter. Of several hosts the first.
Result<pipeline::RunOptions> ToRunOptions(const RunArguments& arguments);

}  // namespace edgeopt::cli
