// The service behind `edgeopt simplify`: the passes, run with a runtime for constant folding, and
// the result verified against the original by that runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "ir/model.h"
#include "pipeline/oracle.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

struct SimplifyOptions {
  std::vector<std::string> disabled;  // passes left out
  bool verify = true;
  OracleInputs verification;
};

struct Simplified {
  ir::Model model;
  // Passes with rewrites and times, nodes before and after, and what was verified; documented in
  // docs/formats/answers.md.
  std::unique_ptr<nlohmann::json> report;
  std::vector<std::string> warnings;
};

// Outputs must agree within 1e-4 of each output's range (folding changes the order of float
// operations), integers exactly. When they don't, the passes run again with a check after each, and
// those that change the outputs are left out and named in a warning. Verification that the runtime
// can't do (it does not run the original on random inputs) is a warning, too.
Result<Simplified> Simplify(const ir::Model& model, const SimplifyOptions& options,
                            runtimes::Runtime& runtime, Sink& sink, const CancelToken* cancel);

}  // namespace edgeopt::pipeline
