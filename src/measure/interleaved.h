// Timing models against each other on a machine that is never quite quiet: they take turns in short
// blocks, so that whatever slows the machine down hits all of them, and the speed-up is judged by
// neighbouring blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "base/statistics.h"
#include "measure/agent_client.h"
#include "measure/benchmark.h"

namespace edgeopt::measure {

struct InterleavedPlan {
  WarmUp warm_up;  // of each model, before the first round
  // A block is at least this long and at least this many runs. Before it the model runs unmeasured
  // for 5 ms (at least once): the others have filled the caches, and their threads may still spin.
  double block_seconds = 0.05;
  int64_t block_runs = 5;
  // Rounds go on until all of these are reached. In every other round the models go in reverse
  // order, so that none is always first.
  int64_t min_rounds = 20;
  int64_t min_runs = 100;  // of each model
  double min_seconds = 1;  // of each model
};

struct InterleavedTimings {
  std::vector<Timings> models;          // all measured runs of each
  std::vector<RatioEstimate> speedups;  // [i]: time of model 0 / time of model i; [0] is 1
  int64_t rounds = 0;
};

// `time_block` times one model by a plan. The core, without processes.
using TimeBlock = std::function<Result<Timings>(size_t model, const BenchPlan& plan)>;
Result<InterleavedTimings> TimeInterleaved(size_t models, const InterleavedPlan& plan,
                                           const TimeBlock& time_block, Sink* sink = nullptr);

struct InterleavedResult {
  std::vector<BenchResult> models;
  std::vector<RatioEstimate> speedups;  // over models[0]; above 1 is faster
  int64_t rounds = 0;
};
// Each client has a model loaded; the first is the one that the others are compared with. Inputs
// are those that were set, else generated ones. Where a runtime times a model itself, each block is
// a process that loads the model for seconds: the blocks of all are longer then, and fewer.
Result<InterleavedResult> BenchInterleaved(std::span<AgentClient* const> clients,
                                           const InterleavedPlan& plan = {}, Sink* sink = nullptr);

}  // namespace edgeopt::measure
