// fuse-layer-norm: the operators that make up a LayerNormalization become one.
//
// Before:   m = ReduceMean(x);  d = x - m;  v = ReduceMean(d ^ 2)      over the last axes
//           y = d / Sqrt(v + epsilon) * gamma + beta                   beta may be absent
// After:    y = LayerNormalization<axis, epsilon>(x, gamma, beta)
// Requires: opset 17; x is float16, float32 or float64; both means keep the reduced axes, which are
//           the last ones; gamma and beta are constants with one element for each index of these;
//           nothing else uses what lies between.
// Maths:    the definition of LayerNormalization.
// Numerics: some roundings of the type; float16 is computed in float32, as stash_type says.
// Source:   ONNX operator LayerNormalization; J. Ba et al., arXiv 1607.06450.
#include <algorithm>

#include "passes/patterns.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kOpset = 17;

struct Normalized {
  ValueId x;
  int64_t axes = 0;
  double epsilon = 0;
};

// No graph output, and no use but by these nodes.
bool OnlyUsedBy(const ir::Graph& graph, ValueId id, const std::vector<NodeId>& users) {
  if (graph.IsOutput(id)) return false;
  for (const ir::Use& use : graph.uses(id))
    if (use.slot == ir::Use::kCaptured ||
        std::find(users.begin(), users.end(), use.node) == users.end())
      return false;
  return true;
}

// The division of d / Sqrt(v + epsilon).
std::optional<Normalized> NormalizedOf(const Rewriter& rewriter, NodeId division) {
  const ir::Graph& graph = rewriter.graph();
  const Node& div = graph.node(division);
  const ValueId deviation = div.input(0);
  const Node* sqrt = rewriter.SoleProducerIf(div.input(1), "Sqrt");
  const auto variance = sqrt ? SoleShiftedTermOf(rewriter, sqrt->input(0)) : std::nullopt;
  if (!variance || !graph.HasSingleUse(variance->term)) return std::nullopt;
  const auto squares = TrailingMeanOf(rewriter, variance->term);
  const Node* difference = graph.ProducerIf(deviation, "Sub");
  if (!squares || !difference || PowerBaseOf(rewriter, squares->data, 2) != deviation)
    return std::nullopt;
  const auto mean = TrailingMeanOf(rewriter, difference->input(1));
  const bool matches = mean && mean->data == difference->input(0) && mean->axes == squares->axes &&
                       graph.HasSingleUse(difference->input(1)) &&
                       OnlyUsedBy(graph, deviation, {division, graph.producer(squares->data)});
  if (!matches) return std::nullopt;
  return Normalized{mean->data, mean->axes, variance->constant};
}

// The other operand of the only user, if that is a commutative operator `op`; kNoValue otherwise.
ValueId OtherOperand(const Rewriter& rewriter, ValueId id, const char* op, NodeId& user) {
  const ir::Graph& graph = rewriter.graph();
  user = graph.OnlyUser(id);
  if (!user.valid() || !graph.node(user).Is(op)) return ir::kNoValue;
  return graph.node(user).input(graph.node(user).input(0) == id ? 1 : 0);
}

Status Fuse(Rewriter& rewriter, NodeId id) {
  ir::Graph& graph = rewriter.graph();
  if (!graph.node(id).Is("Div") || !IsReal(rewriter, graph.node(id).output(0))) return OkStatus();
  const auto normalized = NormalizedOf(rewriter, id);
  if (!normalized) return OkStatus();
  const auto skip = [&](std::string reason) {
    rewriter.Skip(id, std::move(reason));
    return OkStatus();
  };
  if (rewriter.opset() < kOpset)
    return skip("LayerNormalization needs opset 17, the model has " +
                std::to_string(rewriter.opset()));
  NodeId multiply, add;
  const ValueId scale = OtherOperand(rewriter, graph.node(id).output(0), "Mul", multiply);
  const auto gamma = PerTrailingElement(rewriter, scale, normalized->x, normalized->axes);
  if (!gamma) return skip("it is not followed by a factor per normalized element");
  ValueId output = graph.node(multiply).output(0);
  const ValueId shift = OtherOperand(rewriter, output, "Add", add);
  const auto beta = PerTrailingElement(rewriter, shift, normalized->x, normalized->axes);
  if (beta) output = graph.node(add).output(0);
  const std::string name = graph.value(output).name;
  std::vector<ValueId> inputs = {normalized->x, graph.AddInitializer(name + "_scale", *gamma)};
  if (beta) inputs.push_back(graph.AddInitializer(name + "_bias", *beta));
  rewriter.ReplaceByNode(
      output, "LayerNormalization", std::move(inputs),
      {{"axis", -normalized->axes}, {"epsilon", static_cast<float>(normalized->epsilon)}});
  rewriter.Count();
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Fuse);
}

}  // namespace

Pass fuse_layer_norm() {
  return {"fuse-layer-norm", "a LayerNormalization made of means and arithmetic becomes one", Run};
}

}  // namespace edgeopt::passes
