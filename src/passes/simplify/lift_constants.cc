// lift-constants: constants become initializers.
//
// Before:   c = Constant<value = ...>();  y = Op(x, c)
// After:    y = Op(x, c)                  c an initializer of the same graph
// Also, in files of IR version 3, where each initializer has to be listed among the inputs as well:
// it is taken off that list and the version becomes 4 (ONNX Runtime, too, takes such
// initializers for constants).
// Requires: the value of the Constant is dense, and it is not an output of the main graph. From IR
//           version 4 on an initializer among the inputs is a default that a caller may override:
//           it stays.
// Maths:    none; the bytes stay the same.
// Numerics: exact.
// Source:   onnx.proto, GraphProto.initializer; docs/IR.md, "Graphs".
#include <algorithm>

#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

using ir::NodeId;
using ir::ValueId;

// The first version in which an initializer need not be an input.
constexpr int64_t kFreeInitializers = 4;

Status LiftConstant(Rewriter& rewriter, NodeId id) {
  ir::Graph& graph = rewriter.graph();
  if (!graph.node(id).Is("Constant")) return OkStatus();
  const ValueId output = graph.node(id).output(0);
  auto constant = graph.ConstantOf(output);
  if (!constant) {
    rewriter.Skip(id, "its value is not a dense tensor");
  } else if (rewriter.is_main_graph() && graph.IsOutput(output)) {
    rewriter.Skip(id, "it is a graph output");
  } else {
    graph.RemoveNode(id);
    constant->name.clear();
    graph.SetInitializer(output, std::move(*constant));
    rewriter.Count();
  }
  return OkStatus();
}

void UnlistInitializers(ir::Model& model, Outcome& outcome) {
  const ir::Graph& graph = model.graph;
  const bool may_be_overridden = model.ir_version >= kFreeInitializers;
  std::vector<ValueId> inputs;
  for (const ValueId id : graph.inputs()) {
    const ir::Value& value = graph.value(id);
    const bool initialized = value.initializer || value.sparse_initializer;
    if (!initialized || may_be_overridden) inputs.push_back(id);
    if (initialized && may_be_overridden)
      outcome.skipped.push_back(
          {"initializer '" + value.name + "'", "it is an input too, so a caller may override it"});
  }
  outcome.rewrites += static_cast<int64_t>(graph.inputs().size() - inputs.size());
  model.graph.SetInputs(std::move(inputs));
  model.ir_version = std::max(model.ir_version, kFreeInitializers);
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  Outcome outcome;
  UnlistInitializers(model, outcome);
  EDGEOPT_TRY(const Outcome lifted, OverNodes(model, context, LiftConstant));
  outcome.rewrites += lifted.rewrites;
  outcome.skipped.insert(outcome.skipped.end(), lifted.skipped.begin(), lifted.skipped.end());
  return outcome;
}

}  // namespace

Pass lift_constants() {
  return {"lift-constants", "constants held by Constant nodes become initializers", Run};
}

}  // namespace edgeopt::passes
