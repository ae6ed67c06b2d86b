// Reductions: the axes are counted in memory, and those that go leave the others in their order.
//
// Before:   y = ReduceMean<axes = [2, 3], keepdims = 0>(x)       x [N, C, H, W], y [N, C]
// After:    y = ReduceMean<axes = [1, 2], keepdims = 0>(x')      x' [N, H, W, C]
// Requires: the axes are constant.
// Numerics: a kernel may add in another order.
#include <algorithm>
#include <utility>

#include "passes/layout/rules.h"
#include "passes/operands.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using Axes = std::vector<int64_t>;

bool IsArg(const Node& node) { return node.Is("ArgMax") || node.Is("ArgMin"); }

// Sorted; nullopt when they are not known.
std::optional<Axes> ReducedAxes(const Rewriter& rewriter, const Node& node) {
  const int64_t rank = RankOf(rewriter, node.input(0));
  if (rank < 0) return std::nullopt;
  if (IsArg(node)) return NormalizedAxes({node.IntOr("axis", 0)}, rank);
  const Parameter axes = ParameterOf(rewriter, node, "axes", 1);
  if (!axes.known) return std::nullopt;
  if (!axes.values.empty()) return NormalizedAxes(axes.values, rank);
  return node.IntOr("noop_with_empty_axes", 0) != 0 ? Axes{} : IdentityOf(rank);
}

// What is left of an order without some of its axes, counted anew.
Permutation Without(Permutation order, const Axes& axes) {
  std::erase_if(order,
                [&](int64_t axis) { return std::binary_search(axes.begin(), axes.end(), axis); });
  for (int64_t& axis : order)
    axis -= std::lower_bound(axes.begin(), axes.end(), axis) - axes.begin();
  return order;
}

std::optional<NodeLayouts> DeriveReduce(const Rewriter& rewriter, const Node& node,
                                        const Known& known) {
  const auto axes = ReducedAxes(rewriter, node);
  if (!axes) return std::nullopt;
  if (node.IntOr("keepdims", 1) != 0) return AllAs(rewriter, node, known);
  // Against the direction of the data it is open where the reduced axes lay.
  if (known.is_output || known.slot != 0 || !known.layout.parts.empty()) return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = known.layout;
  layouts.outputs[0] = LayoutOf(Without(known.layout.order, *axes));
  return layouts;
}

void ApplyReduce(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const Node& node = graph.node(id);
  const int64_t rank = RankOf(rewriter, node.input(0));
  const Axes axes = *ReducedAxes(rewriter, node);
  Axes moved;
  for (const int64_t axis : axes) moved.push_back(MemoryAxis(layouts.inputs[0], axis, rank));
  std::sort(moved.begin(), moved.end());
  if (IsArg(node)) return graph.SetAttribute(id, {"axis", moved[0]});
  if (axes.empty() || axes.size() == static_cast<size_t>(rank)) return;
  if (node.FindAttribute("axes")) return graph.SetAttribute(id, {"axes", moved});
  graph.SetInput(id, 1, AddInts(rewriter, id, "axes", moved, ir::DataType::kInt64));
}

constexpr std::string_view kReductions[] = {
    "ArgMax",    "ArgMin",     "ReduceL1",  "ReduceL2",   "ReduceLogSum", "ReduceLogSumExp",
    "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",    "ReduceSumSquare"};

}  // namespace

std::span<const Rule> ReductionRules() {
  static const auto kRules = [] {
    std::vector<Rule> rules;
    for (const std::string_view op_type : kReductions)
      rules.push_back({op_type, DeriveReduce, ApplyReduce});
    return rules;
  }();
  return kRules;
}

}  // namespace edgeopt::passes::layout
