// The one place that runs passes: on a copy, in rounds until nothing changes, verified after each,
// timed, cancellable. A pass that fails changes nothing and is reported.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "passes/pass.h"

namespace edgeopt::passes {

struct ManagerOptions {
  std::vector<std::string> disabled;  // names of passes that are left out
  // Called after each pass that changed something; an error rejects the change. For numerical
  // verification, which needs a runtime.
  std::function<Status(const ir::Model& before, const ir::Model& after)> check;
  const CancelToken* cancel = nullptr;
  // A guard against two passes that undo each other; real models need two to four.
  int max_rounds = 10;
};

struct PassReport {
  std::string name;
  int64_t runs = 0;
  int64_t rewrites = 0;
  double time_ms = 0;
  // What the last run passed over, and why.
  std::vector<Skip> skipped;
  // Not empty: a change of this pass was rejected, or it failed; it was not tried again.
  std::string error;
};

struct RunReport {
  std::vector<PassReport> passes;  // in the order of the pipeline
  int rounds = 0;
  bool converged = false;  // the last round changed nothing
  double inference_ms = 0;
  double total_ms = 0;
  int64_t rewrites() const;
};

// Runs the passes on `model`, which satisfies ir::Verify before and after, and is left as it was
// when an error comes back: Usage for a disabled name that is in no table, Interrupted when
// cancelled.
//
// Types are inferred anew, from the inputs on, so that stale ones in the file mislead no pass. In
// the result, inputs and outputs have the types that they had; types of intermediate values made by
// ai.onnx operators are dropped: everybody can infer them, and where ONNX Runtime is told that the
// two sides of an Add have one shape, it merges it with the LayerNormalization behind it into an
// operator that its CPU runs slower (1.31, MiniLM: 17.6 instead of 16.1 ms).
Result<RunReport> Run(ir::Model& model, std::span<const Pass* const> pipeline,
                      const Context& context, const ManagerOptions& options = {});

}  // namespace edgeopt::passes
