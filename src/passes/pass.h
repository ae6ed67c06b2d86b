// What a pass is. A pass rewrites a model; the manager (passes/manager.h) runs it on a copy,
// verifies, and commits. A pass never runs a runtime and never reads a file: what it needs beyond
// the graph is handed to it in the Context.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::passes {

struct Context {
  // Computes all outputs of a model without inputs (constant folding). Provided by a runtime.
  std::function<Result<std::vector<ir::Tensor>>(const ir::Model&)> evaluate;
  // Fills in the types of all values that can be inferred (ONNX shape inference), in place.
  std::function<Status(ir::Model&)> infer_types;
  // Puts the body of each model-local function where it is called. May be empty: functions stay.
  std::function<Result<ir::Model>(const ir::Model&)> inline_functions;
  // The runtime runs Swish (opset 24) as one operator; ONNX Runtime 1.31 does not.
  bool has_swish = false;
  // A folded constant may be larger than what it replaces by at most this many bytes.
  int64_t fold_growth_limit_bytes = 64 * 1024;
};

// A place where the pass could have fired but did not, and why.
struct Skip {
  std::string where;   // "node 'bn1' (BatchNormalization)"
  std::string reason;  // "its input has a second consumer, node 'add3' (Add)"
};

struct Outcome {
  int64_t rewrites = 0;  // 0: the model is unchanged
  std::vector<Skip> skipped;
  bool changed() const { return rewrites > 0; }
};

// One row of the table of passes; returned by the function that has the file's name.
struct Pass {
  std::string_view name;     // "fold-batch-norm": the file's name with dashes
  std::string_view summary;  // one line for `edgeopt list passes`
  Result<Outcome> (*run)(ir::Model&, const Context&);
  // Makes more types inferable, so that inference is worth repeating when it changed something.
  bool refines_types = false;
};

// All simplification passes, sorted by name; generated from the files of src/passes/simplify/.
std::span<const Pass> Table();
// nullptr when there is none of that name.
const Pass* Find(std::string_view name);

}  // namespace edgeopt::passes
