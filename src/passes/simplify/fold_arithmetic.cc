// fold-arithmetic: two steps of arithmetic with constants become one.
//
// Before:   y = Op2(Op1(x, c), d)      Op1, Op2 both of Mul, Div, or both of Add, Sub
// After:    y = Mul(x, e)  or  y = Add(x, e)
// Requires: c and d are floating-point constants, one of them of a single element, or both of the
//           same shape; each is the second operand, or the operator commutes; what lies between has
//           no other use; no divisor is 0, and e is finite and, for Mul, not 0 or subnormal unless
//           c or d is.
// Maths:    (x c) d = x (c d),  (x + c) + d = x + (c + d).
// Numerics: one rounding instead of two: off by at most 2 ulp of the result for Mul, and for Add by
//           one rounding error of the largest term.
// Source:   associativity.
#include <algorithm>
#include <cmath>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// x * constant or x + constant.
struct Step {
  ValueId data;
  bool multiplies = false;
  ir::DataType type = ir::DataType::kUndefined;
  ir::Dims dims;
  std::vector<double> values;
};

std::optional<Step> StepOf(const Rewriter& rewriter, const Node& node) {
  const bool div = node.Is("Div"), sub = node.Is("Sub");
  if (!div && !sub && !node.Is("Mul") && !node.Is("Add")) return std::nullopt;
  for (const size_t slot : {1u, 0u}) {
    const auto constant = rewriter.ConstantOf(node.input(slot));
    if (!constant || !ir::IsFloatingPoint(constant->type()) || (slot == 0 && (div || sub)))
      continue;
    auto values = constant->ToDoubles();
    if (!values.ok() || values->empty()) return std::nullopt;
    if (div && std::find(values->begin(), values->end(), 0.0) != values->end()) return std::nullopt;
    for (double& value : *values) value = div ? 1 / value : sub ? -value : value;
    return Step{node.input(1 - slot), div || node.Is("Mul"), constant->type(), constant->dims(),
                std::move(*values)};
  }
  return std::nullopt;
}

// nullopt where the shapes are not of the simple kinds, or a number leaves the range.
std::optional<Step> Combined(const Step& first, const Step& second) {
  const bool same = first.dims == second.dims;
  if (!same && first.values.size() != 1 && second.values.size() != 1) return std::nullopt;
  // Of two single elements the one of the higher rank decides the shape.
  const bool first_decides = first.values.size() == second.values.size()
                                 ? first.dims.size() >= second.dims.size()
                                 : first.values.size() > 1;
  const Step &large = first_decides ? first : second, &small = first_decides ? second : first;
  if (small.dims.size() > large.dims.size()) return std::nullopt;
  Step combined = large;
  combined.data = first.data;
  for (size_t i = 0; i < large.values.size(); ++i) {
    const double a = large.values[i], b = small.values[small.values.size() == 1 ? 0 : i];
    const double result = large.multiplies ? a * b : a + b;
    if (!(std::abs(result) <= LargestOf(large.type))) return std::nullopt;
    if (large.multiplies && std::abs(result) < SmallestNormalOf(large.type) && a != 0 && b != 0)
      return std::nullopt;
    combined.values[i] = result;
  }
  return combined;
}

Status FoldChain(Rewriter& rewriter, NodeId id) {
  ir::Graph& graph = rewriter.graph();
  const auto second = StepOf(rewriter, graph.node(id));
  if (!second) return OkStatus();
  const NodeId first_id = graph.producer(second->data);
  if (!first_id.valid()) return OkStatus();
  const auto first = StepOf(rewriter, graph.node(first_id));
  if (!first || first->multiplies != second->multiplies || first->type != second->type)
    return OkStatus();
  if (!graph.HasSingleUse(second->data)) {
    rewriter.Skip(id, "the result of " + graph.Describe(first_id) + " has another use");
    return OkStatus();
  }
  const auto combined = Combined(*first, *second);
  if (!combined) {
    rewriter.Skip(id, "its constant does not combine with that of " + graph.Describe(first_id));
    return OkStatus();
  }
  auto tensor = RealTensor(combined->type, combined->dims, combined->values);
  if (!tensor.ok()) return OkStatus();
  graph.SetOpType(id, combined->multiplies ? "Mul" : "Add");
  const std::string name = graph.value(graph.node(id).output(0)).name + "_constant";
  graph.SetNodeInputs(id, {combined->data, graph.AddInitializer(name, std::move(*tensor))});
  rewriter.RemoveIfUnused(first_id);
  rewriter.Count();
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, FoldChain);
}

}  // namespace

Pass fold_arithmetic() {
  return {"fold-arithmetic", "two steps of arithmetic with constants become one", Run};
}

}  // namespace edgeopt::passes
