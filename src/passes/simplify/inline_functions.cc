// inline-functions: calls of model-local functions become the functions' bodies.
//
// Before:   y = domain.f(x)        f a function of the model: { y = Op(x) }
// After:    y = Op(x)
// Requires: the context can inline (ONNX's inliner).
// Maths:    none.
// Numerics: exact.
// Source:   onnx.proto, FunctionProto; docs/IR.md, "Functions".
#include "passes/pass.h"

namespace edgeopt::passes {
namespace {

Result<Outcome> Run(ir::Model& model, const Context& context) {
  Outcome outcome;
  if (model.functions.empty() || !context.inline_functions) return outcome;
  const auto before = static_cast<int64_t>(model.functions.size());
  EDGEOPT_TRY(model, context.inline_functions(model));
  outcome.rewrites = before - static_cast<int64_t>(model.functions.size());
  return outcome;
}

}  // namespace

Pass inline_functions() {
  return {"inline-functions", "calls of model-local functions become the functions' bodies", Run,
          true};
}

}  // namespace edgeopt::passes
