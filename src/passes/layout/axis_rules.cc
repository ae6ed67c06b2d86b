// Operators that name one axis, or move axes: the axis is counted in memory.
//
// Before:   y = Concat<axis = 1>(a, b)              a, b, y [N, C, H, W]
// After:    y' = Concat<axis = 3>(a', b')           a', b', y' [N, H, W, C]
// Before:   y = Transpose<perm>(x)
// After:    y' = x'                                 y' lies as x' does: its layout says the rest
// Before:   s = Shape(x)
// After:    s = Gather(Shape(x'), where each axis lies)
// Numerics: exact.
#include <algorithm>
#include <utility>

#include "passes/layout/rules.h"
#include "passes/operands.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kSoftmaxOfOneAxis = 13;  // opset; before, Softmax flattened all axes from `axis`

int64_t DefaultAxis(const Node& node) {
  return node.Is("Softmax") || node.Is("LogSoftmax") || node.Is("Hardmax") || node.Is("TopK") ? -1
                                                                                              : 0;
}

std::optional<int64_t> AxisOf(const Rewriter& rewriter, const Node& node) {
  return NormalizedAxis(node.IntOr("axis", DefaultAxis(node)), RankOf(rewriter, node.input(0)));
}

void ApplyAxis(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  const Node& node = rewriter.graph().node(id);
  const int64_t rank = RankOf(rewriter, node.input(0));
  rewriter.graph().SetAttribute(
      id, {"axis", MemoryAxis(layouts.inputs[0], *AxisOf(rewriter, node), rank)});
}

std::optional<NodeLayouts> DeriveConcat(const Rewriter& rewriter, const Node& node,
                                        const Known& known) {
  if (!AxisOf(rewriter, node)) return std::nullopt;
  return AllAs(rewriter, node, known, node.inputs.size());
}

std::optional<NodeLayouts> DeriveSplit(const Rewriter& rewriter, const Node& node,
                                       const Known& known) {
  if (!AxisOf(rewriter, node)) return std::nullopt;
  return AllAs(rewriter, node, known);
}

// Kernels for these know the last axis only; for another one they transpose there and back. Before
// opset 13, Softmax is about one axis only if that is the last.
std::optional<NodeLayouts> DeriveLastAxis(const Rewriter& rewriter, const Node& node,
                                          const Known& known) {
  auto layouts = AllAs(rewriter, node, known);
  if (!layouts) return std::nullopt;
  const int64_t rank = RankOf(rewriter, node.input(0)), last = rank - 1;
  if (!node.Is("TopK") && rewriter.opset() < kSoftmaxOfOneAxis &&
      NormalizedAxis(node.IntOr("axis", 1), rank) != last)
    return std::nullopt;
  const auto axis = rewriter.opset() < kSoftmaxOfOneAxis && !node.Is("TopK")
                        ? std::optional(last)
                        : AxisOf(rewriter, node);
  if (!axis) return std::nullopt;
  const bool becomes_last = MemoryAxis(known.layout, *axis, rank) == last;
  if (*axis == last && !becomes_last) return std::nullopt;
  if (*axis != last && becomes_last) layouts->plain_copies = 2;
  return layouts;
}

// The axis is the second input.
std::optional<NodeLayouts> DeriveCumSum(const Rewriter& rewriter, const Node& node,
                                        const Known& known) {
  const auto axis = rewriter.IntsOf(node.input(1));
  if (!axis || axis->size() != 1 || !NormalizedAxis((*axis)[0], RankOf(rewriter, node.input(0))))
    return std::nullopt;
  return AllAs(rewriter, node, known);
}

void ApplyCumSum(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  const Node node = rewriter.graph().node(id);
  const int64_t rank = RankOf(rewriter, node.input(0));
  const auto given = rewriter.ConstantOf(node.input(1));
  const int64_t axis = *NormalizedAxis(given->ToInts().value()[0], rank);
  const int64_t moved = MemoryAxis(layouts.inputs[0], axis, rank);
  const ir::Tensor tensor =
      given->type() == ir::DataType::kInt32
          ? ir::Tensor::Of(given->dims(), std::vector<int32_t>{static_cast<int32_t>(moved)})
          : ir::Tensor::Of(given->dims(), std::vector<int64_t>{moved});
  rewriter.graph().SetInput(id, 1,
                            rewriter.graph().AddInitializer(
                                rewriter.graph().value(node.output(0)).name + "_axis", tensor));
}

// With indices of one axis the data keeps its axes; a scalar index removes one.
std::optional<NodeLayouts> DeriveGather(const Rewriter& rewriter, const Node& node,
                                        const Known& known) {
  const auto axis = AxisOf(rewriter, node);
  const int64_t indices = RankOf(rewriter, node.input(1));
  if (!axis || indices < 0 || indices > 1) return std::nullopt;
  if (indices == 1) return AllAs(rewriter, node, known);
  if (known.is_output || known.slot != 0 || !known.layout.parts.empty()) return std::nullopt;
  Permutation order = known.layout.order;
  std::erase(order, *axis);
  for (int64_t& other : order) other -= other > *axis ? 1 : 0;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = known.layout;
  layouts.outputs[0] = LayoutOf(std::move(order));
  return layouts;
}

Permutation PermutationOf(const Node& node, int64_t rank) {
  Permutation reversed = IdentityOf(rank);
  std::reverse(reversed.begin(), reversed.end());
  return node.IntsOr("perm", reversed);
}

// Output axis k is input axis perm[k]. Where the elements stay, memory axis i, which held input
// axis order[i], holds the output axis k with perm[k] = order[i].
std::optional<NodeLayouts> DeriveTranspose(const Rewriter& rewriter, const Node& node,
                                           const Known& known) {
  const int64_t rank = RankOf(rewriter, node.input(0));
  if (rank < 0 || !known.layout.parts.empty()) return std::nullopt;
  const Permutation perm = PermutationOf(node, rank);
  if (perm.size() != known.layout.order.size()) return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  const Permutation& order = known.layout.order;
  layouts.inputs[0] = known.is_output ? LayoutOf(Composed(perm, order)) : known.layout;
  layouts.outputs[0] = known.is_output ? known.layout : LayoutOf(Composed(InverseOf(perm), order));
  layouts.plain_copies = 1;
  return layouts;
}

void ApplyTranspose(Rewriter& rewriter, NodeId id, const NodeLayouts&) {
  rewriter.graph().RemoveAttribute(id, "perm");
  rewriter.graph().SetOpType(id, "Identity");
}

std::optional<NodeLayouts> DeriveShape(const Rewriter& rewriter, const Node& node,
                                       const Known& known) {
  if (known.is_output || RankOf(rewriter, node.input(0)) < 0 || !known.layout.parts.empty())
    return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = known.layout;
  layouts.extra_nodes = node.Is("Shape") ? 1 : 0;
  return layouts;
}

void ApplyShape(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const Node node = graph.node(id);
  const int64_t rank = RankOf(rewriter, node.input(0));
  const auto bound = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const int64_t start = bound(node.IntOr("start", 0)), end = bound(node.IntOr("end", rank));
  std::vector<int64_t> places;
  for (int64_t axis = start; axis < end; ++axis)
    places.push_back(MemoryAxis(layouts.inputs[0], axis, rank));
  const ValueId wanted = node.output(0);
  const ValueId stored =
      graph.AddValue(graph.value(wanted).name + "_stored",
                     ir::Type::OfTensor(ir::DataType::kInt64, ir::Shape{ir::Dim::Of(rank)}));
  const ValueId indices = AddInts(rewriter, id, "axes", places, ir::DataType::kInt64);
  graph.RemoveAttribute(id, "start");
  graph.RemoveAttribute(id, "end");
  graph.SetNodeOutputs(id, {stored});
  graph.AddNode("Gather", {stored, indices}, {wanted}, {{"axis", int64_t{0}}},
                graph.value(wanted).name + "_gather");
}

constexpr Rule kAxisRules[] = {
    {"Concat", DeriveConcat, ApplyAxis},
    {"CumSum", DeriveCumSum, ApplyCumSum},
    {"Gather", DeriveGather, ApplyAxis},
    {"Hardmax", DeriveLastAxis, ApplyAxis},
    {"LogSoftmax", DeriveLastAxis, ApplyAxis},
    {"Shape", DeriveShape, ApplyShape},
    {"Size", DeriveShape},
    {"Softmax", DeriveLastAxis, ApplyAxis},
    {"Split", DeriveSplit, ApplyAxis},
    {"TopK", DeriveLastAxis, ApplyAxis},
    {"Transpose", DeriveTranspose, ApplyTranspose},
};

}  // namespace

std::span<const Rule> AxisRules() { return kAxisRules; }

}  // namespace edgeopt::passes::layout
