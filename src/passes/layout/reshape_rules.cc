// Reshape, Flatten, Squeeze and Unsqueeze: where the axes that belong together lie together in
// memory, the reshape of the stored tensor is the stored reshape.
//
// Before:   y = Reshape(x, [N, C, HW])                x [N, C, H, W]
// After:    y' = Reshape(x', [N, HW, C])              x' [N, H, W, C], y' [N, HW, C]
// Before:   y = Flatten(x)                            x [N, C, H, W], y [N, CHW]
// After:    y' = Reshape(x', [N, HWC])                y' has parts: see Layout
// Requires: groups of axes of equal products (reshape_groups.h) that are contiguous in memory; a
//           target that a constant can give (reshape_target.h). Flattening: static sizes but N.
// Maths:    a reshape inside groups moves no element; a permutation of whole groups commutes with
// it. Numerics: exact.
#include <algorithm>
#include <utility>

#include "passes/layout/reshape_groups.h"
#include "passes/layout/rules.h"
#include "passes/operands.h"
#include "passes/reshape_target.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using Axes = std::vector<int64_t>;

constexpr int64_t kAxesAreInputs = 13;  // opset in which Squeeze's and Unsqueeze's axes moved

// The `shape` input for the stored tensors.
std::optional<Axes> StoredTarget(const Rewriter& rewriter, const Node& node,
                                 const NodeLayouts& layouts) {
  const ShapeValues values(rewriter);
  auto wanted = values.DimsOf(node.output(0)), data = values.DimsOf(node.input(0));
  if (!wanted || !data) return std::nullopt;
  if (!layouts.outputs[0].order.empty()) wanted = Permuted(*wanted, layouts.outputs[0].order);
  if (!layouts.inputs[0].order.empty()) data = Permuted(*data, layouts.inputs[0].order);
  return ReshapeTarget(*wanted, *data);
}

// [N, C, H, W] to [N, CHW]: the order inside the second axis changes.
std::optional<Layout> FlattenedFrom(const ir::Shape& in, const ir::Shape& out,
                                    const Layout& layout) {
  if (out.size() != 2 || layout.order.size() != in.size() || layout.order[0] != 0)
    return std::nullopt;
  const auto parts = ir::ToDims(ir::Shape(in.begin() + 1, in.end()));
  if (!parts || !out[1].value || ir::ElementCount(*parts).value() != *out[1].value)
    return std::nullopt;
  Layout flattened;
  flattened.parts = *parts;
  for (auto axis = layout.order.begin() + 1; axis != layout.order.end(); ++axis)
    flattened.parts_order.push_back(*axis - 1);
  return flattened;
}

std::optional<NodeLayouts> DeriveReshape(const Rewriter& rewriter, const Node& node,
                                         const Known& known) {
  const auto &in = rewriter.TypeOf(node.input(0)).shape,
             &out = rewriter.TypeOf(node.output(0)).shape;
  if (!in || !out || !known.layout.parts.empty() || (!known.is_output && known.slot != 0))
    return std::nullopt;
  const auto rank_in = static_cast<int64_t>(in->size()),
             rank_out = static_cast<int64_t>(out->size());
  const auto groups = MatchAxes(*in, *out);
  if (!groups) return std::nullopt;
  auto other = known.is_output ? CarriedBack(*groups, known.layout, rank_out, rank_in)
                               : Carried(*groups, known.layout, rank_in, rank_out);
  if (!other && !known.is_output) other = FlattenedFrom(*in, *out, known.layout);
  if (!other) return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = known.is_output ? *other : known.layout;
  layouts.outputs[0] = known.is_output ? known.layout : *other;
  return StoredTarget(rewriter, node, layouts) ? std::optional(layouts) : std::nullopt;
}

void ApplyReshape(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const Axes target = *StoredTarget(rewriter, graph.node(id), layouts);
  graph.RemoveAttribute(id, "allowzero");
  graph.RemoveAttribute(id, "axis");
  graph.SetOpType(id, "Reshape");
  graph.SetInput(id, 1, AddInts(rewriter, id, "shape", target, ir::DataType::kInt64));
}

// Counted in the larger rank, sorted.
std::optional<Axes> OnesOf(const Rewriter& rewriter, const Node& node) {
  const bool squeeze = node.Is("Squeeze");
  const int64_t rank = RankOf(rewriter, squeeze ? node.input(0) : node.output(0));
  const int64_t small = RankOf(rewriter, squeeze ? node.output(0) : node.input(0));
  const Parameter axes = ParameterOf(rewriter, node, "axes", 1);
  if (rank < 0 || small < 0 || !axes.known) return std::nullopt;
  std::optional<Axes> ones = axes.given ? NormalizedAxes(axes.values, rank) : std::nullopt;
  if (!axes.given && squeeze) {
    const auto dims = rewriter.TypeOf(node.input(0)).static_dims();
    if (!dims) return std::nullopt;
    ones.emplace();
    for (size_t i = 0; i < dims->size(); ++i)
      if ((*dims)[i] == 1) ones->push_back(static_cast<int64_t>(i));
  }
  const bool fits = ones && static_cast<int64_t>(ones->size()) == rank - small;
  return fits ? ones : std::nullopt;
}

// The layout of the tensor of the smaller rank, and the other way round.
Layout WithoutAxes(const Layout& layout, const Axes& ones, int64_t rank) {
  Permutation order = OrderOf(layout, rank);
  std::erase_if(order,
                [&](int64_t axis) { return std::binary_search(ones.begin(), ones.end(), axis); });
  for (int64_t& axis : order)
    axis -= std::lower_bound(ones.begin(), ones.end(), axis) - ones.begin();
  return LayoutOf(std::move(order));
}
Layout WithAxes(const Layout& layout, const Axes& ones, int64_t rank) {
  Axes others;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!std::binary_search(ones.begin(), ones.end(), axis)) others.push_back(axis);
  const auto small = rank - static_cast<int64_t>(ones.size());
  return WithOnes(Permuted(others, OrderOf(layout, small)), rank);
}

std::optional<NodeLayouts> DeriveSqueeze(const Rewriter& rewriter, const Node& node,
                                         const Known& known) {
  const auto ones = OnesOf(rewriter, node);
  if (!ones || !known.layout.parts.empty() || (!known.is_output && known.slot != 0))
    return std::nullopt;
  const int64_t rank = std::max(RankOf(rewriter, node.input(0)), RankOf(rewriter, node.output(0)));
  const bool knows_larger = node.Is("Squeeze") != known.is_output;
  const Layout other =
      knows_larger ? WithoutAxes(known.layout, *ones, rank) : WithAxes(known.layout, *ones, rank);
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = known.is_output ? other : known.layout;
  layouts.outputs[0] = known.is_output ? known.layout : other;
  return layouts;
}

void ApplySqueeze(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const Node& node = graph.node(id);
  const bool squeeze = node.Is("Squeeze");
  const int64_t rank = RankOf(rewriter, squeeze ? node.input(0) : node.output(0));
  const Layout& larger = squeeze ? layouts.inputs[0] : layouts.outputs[0];
  Axes moved;
  const auto ones = OnesOf(rewriter, node);
  for (const int64_t axis : *ones) moved.push_back(MemoryAxis(larger, axis, rank));
  std::sort(moved.begin(), moved.end());
  if (rewriter.opset() < kAxesAreInputs) return graph.SetAttribute(id, {"axes", moved});
  graph.SetInput(id, 1, AddInts(rewriter, id, "axes", moved, ir::DataType::kInt64));
}

constexpr Rule kReshapeRules[] = {{"Flatten", DeriveReshape, ApplyReshape},
                                  {"Reshape", DeriveReshape, ApplyReshape},
                                  {"Squeeze", DeriveSqueeze, ApplySqueeze},
                                  {"Unsqueeze", DeriveSqueeze, ApplySqueeze}};

}  // namespace

std::span<const Rule> ReshapeRules() { return kReshapeRules; }

}  // namespace edgeopt::passes::layout
