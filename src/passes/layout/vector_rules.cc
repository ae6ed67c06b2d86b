// Operators with a vector of one number per axis, or a list of axes: Slice, Pad, Expand, Tile.
//
// Before:   y = Pad(x, [0, 0, 1, 1, 0, 0, 2, 2])    x, y [N, C, H, W]
// After:    y' = Pad(x', [0, 1, 1, 0, 0, 2, 2, 0])  x', y' [N, H, W, C]
// Requires: the numbers are constant where they have no list of axes beside them.
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
using Ints = std::vector<int64_t>;

constexpr int64_t kSliceInputs = 10;  // opset in which Slice's attributes became inputs
constexpr int64_t kPadInputs = 11;
constexpr int64_t kPadAxes = 18;  // opset in which Pad got an input `axes`

// Each axis as memory counts it, in the list's order; nullopt for one out of range.
std::optional<Ints> MovedAxes(const Ints& axes, const Layout& layout, int64_t rank) {
  Ints moved;
  for (const int64_t axis : axes) {
    const auto normalized = NormalizedAxis(axis, rank);
    if (!normalized) return std::nullopt;
    moved.push_back(MemoryAxis(layout, *normalized, rank));
  }
  return moved;
}

// --- Slice ---

// nullopt when they are computed at run time.
std::optional<Ints> SliceAxes(const Rewriter& rewriter, const Node& node) {
  const Parameter axes = ParameterOf(rewriter, node, "axes", 3);
  if (axes.given) return axes.known ? std::optional(axes.values) : std::nullopt;
  const bool inputs = rewriter.opset() >= kSliceInputs;
  const auto& shape = rewriter.TypeOf(node.input(1)).shape;
  if (inputs && (!shape || shape->size() != 1 || !(*shape)[0].value)) return std::nullopt;
  const int64_t count =
      inputs ? *(*shape)[0].value : static_cast<int64_t>(node.IntsOr("starts", {}).size());
  return IdentityOf(count);
}

std::optional<NodeLayouts> DeriveSlice(const Rewriter& rewriter, const Node& node,
                                       const Known& known) {
  auto layouts = AllAs(rewriter, node, known);
  const auto axes = SliceAxes(rewriter, node);
  if (!layouts || !axes || !MovedAxes(*axes, known.layout, RankOf(rewriter, node.input(0))))
    return std::nullopt;
  return layouts;
}

void ApplySlice(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  const Node& node = rewriter.graph().node(id);
  const auto moved =
      MovedAxes(*SliceAxes(rewriter, node), layouts.inputs[0], RankOf(rewriter, node.input(0)));
  if (rewriter.opset() < kSliceInputs) return rewriter.graph().SetAttribute(id, {"axes", *moved});
  const ir::DataType type = rewriter.ElementOf(node.input(1));  // starts and axes share a type
  rewriter.graph().SetInput(id, 3, AddInts(rewriter, id, "axes", *moved, type));
}

// --- Pad ---

std::optional<NodeLayouts> DerivePad(const Rewriter& rewriter, const Node& node,
                                     const Known& known) {
  auto layouts = AllAs(rewriter, node, known);
  if (!layouts) return std::nullopt;
  const int64_t rank = RankOf(rewriter, node.input(0));
  if (rewriter.opset() >= kPadAxes) {
    if (!node.input(3).valid()) return layouts;
    const auto axes = rewriter.IntsOf(node.input(3));
    return axes && MovedAxes(*axes, known.layout, rank) ? layouts : std::nullopt;
  }
  const Parameter pads = ParameterOf(rewriter, node, "pads", 1);
  const bool fits = pads.known && pads.values.size() == 2 * static_cast<size_t>(rank);
  return fits ? layouts : std::nullopt;
}

void ApplyPad(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const Node node = graph.node(id);
  const int64_t rank = RankOf(rewriter, node.input(0));
  const Layout& layout = layouts.inputs[0];
  const Parameter pads = ParameterOf(rewriter, node, "pads", 1);
  const bool has_axes = rewriter.opset() >= kPadAxes && node.input(3).valid();
  if (!has_axes && pads.known && pads.values.size() == 2 * static_cast<size_t>(rank)) {
    const auto middle = pads.values.begin() + rank;
    Ints moved = Permuted(Ints(pads.values.begin(), middle), layout.order);
    const Ints ends = Permuted(Ints(middle, pads.values.end()), layout.order);
    moved.insert(moved.end(), ends.begin(), ends.end());
    if (rewriter.opset() < kPadInputs) return graph.SetAttribute(id, {"pads", moved});
    graph.SetInput(id, 1, AddInts(rewriter, id, "pads", moved, ir::DataType::kInt64));
    return;
  }
  const Ints axes = has_axes ? *rewriter.IntsOf(node.input(3)) : IdentityOf(rank);
  const auto type = has_axes ? rewriter.ElementOf(node.input(3)) : ir::DataType::kInt64;
  graph.SetInput(id, 3, AddInts(rewriter, id, "axes", *MovedAxes(axes, layout, rank), type));
}

// --- Expand and Tile: input 1 has a number per axis ---

std::optional<NodeLayouts> DerivePerAxis(const Rewriter& rewriter, const Node& node,
                                         const Known& known) {
  auto layouts = AllAs(rewriter, node, known);
  const auto numbers = rewriter.IntsOf(node.input(1));
  if (!layouts || !numbers) return std::nullopt;
  const auto rank = static_cast<size_t>(RankOf(rewriter, node.input(0)));
  const bool fits = node.Is("Tile") ? numbers->size() == rank : numbers->size() <= rank;
  return fits ? layouts : std::nullopt;
}

void ApplyPerAxis(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  const Node& node = rewriter.graph().node(id);
  Ints numbers = *rewriter.IntsOf(node.input(1));
  const auto rank = static_cast<size_t>(RankOf(rewriter, node.input(0)));
  numbers.insert(numbers.begin(), rank - numbers.size(), 1);  // as broadcasting does
  rewriter.graph().SetInput(
      id, 1,
      AddInts(rewriter, id, node.Is("Tile") ? "repeats" : "shape",
              Permuted(numbers, layouts.inputs[0].order), ir::DataType::kInt64));
}

constexpr Rule kVectorRules[] = {{"Expand", DerivePerAxis, ApplyPerAxis},
                                 {"Pad", DerivePad, ApplyPad},
                                 {"Slice", DeriveSlice, ApplySlice},
                                 {"Tile", DerivePerAxis, ApplyPerAxis}};

}  // namespace

std::span<const Rule> VectorRules() { return kVectorRules; }

}  // namespace edgeopt::passes::layout
