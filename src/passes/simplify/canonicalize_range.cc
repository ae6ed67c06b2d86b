// canonicalize-range: Range gets the scalars that it asks for.
//
// Before:   y = Range(start, limit, delta)       one of them of shape [1]
// After:    the same with scalars: a constant is reshaped, another value squeezed
// Why:      ONNX Runtime takes vectors of one element as long as it does not know their shape
//           before it runs; once the sizes are known, it refuses the model.
// Requires: the shape [1] is known.
// Maths:    none.
// Numerics: exact.
// Source:   ONNX operator Range ("Scalar").
#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

constexpr int64_t kAxesAreInputs = 13;  // of Squeeze

Status GiveScalar(Rewriter& rewriter, ir::NodeId id, size_t slot) {
  ir::Graph& graph = rewriter.graph();
  const ir::ValueId given = graph.node(id).input(slot);
  const auto dims = rewriter.TypeOf(given).static_dims();
  if (!dims || *dims != ir::Dims{1}) return OkStatus();
  const std::string hint = graph.value(given).name + "_scalar";
  ir::ValueId scalar;
  if (const auto constant = rewriter.ConstantOf(given)) {
    EDGEOPT_TRY(ir::Tensor reshaped, constant->Reshaped({}));
    scalar = graph.AddInitializer(hint, std::move(reshaped));
  } else {
    scalar = graph.AddValue(hint, ir::Type::OfTensor(rewriter.ElementOf(given), ir::Shape{}));
    if (rewriter.opset() >= kAxesAreInputs)
      graph.AddNode("Squeeze", {given, graph.AddInitializer("axis", IntsTensor({0}))}, {scalar});
    else
      graph.AddNode("Squeeze", {given}, {scalar}, {{"axes", std::vector<int64_t>{0}}});
  }
  graph.SetInput(id, slot, scalar);
  rewriter.Count();
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, ir::NodeId id) -> Status {
    if (!rewriter.graph().node(id).Is("Range")) return OkStatus();
    for (size_t slot = 0; slot < 3; ++slot) EDGEOPT_CHECK_OK(GiveScalar(rewriter, id, slot));
    return OkStatus();
  });
}

}  // namespace

Pass canonicalize_range() {
  return {"canonicalize-range", "Range gets scalars where it was given vectors of one", Run};
}

}  // namespace edgeopt::passes
