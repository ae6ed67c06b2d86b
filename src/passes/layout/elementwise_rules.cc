// Elementwise operators: every operand of full rank lies as the result does.
//
// Before:   y = Op(x, c)            x, y [N, C, H, W]; c a constant [C, 1, 1]
// After:    y' = Op(x', c')         x', y' [N, H, W, C]; c' [1, 1, 1, C]
// Requires: operands of a lower rank are constants, or have one axis at most that is not of size 1,
//           so that a Reshape gives them the place: broadcasting lines up last axes.
// Maths:    elementwise functions commute with a permutation of the elements.
// Numerics: exact.
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "ir/permute.h"
#include "passes/layout/rules.h"
#include "passes/operands.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// The element type or value of these operands matters, not their place: [first, last) inputs.
struct Operands {
  std::string_view op_type;
  size_t data;
};
constexpr Operands kWithParameters[] = {{"CastLike", 1}, {"Clip", 1}};

size_t DataOperands(const Node& node) {
  for (const Operands& operands : kWithParameters)
    if (node.op_type == operands.op_type) return operands.data;
  return node.inputs.size();
}

bool IsOneElement(const Rewriter& rewriter, ValueId id) {
  const auto dims = rewriter.TypeOf(id).static_dims();
  return dims && std::all_of(dims->begin(), dims->end(), [](int64_t dim) { return dim == 1; });
}

// A permutation of its axes moves nothing: one size at most is another than 1.
bool IsVector(const Rewriter& rewriter, ValueId id) {
  const auto& shape = rewriter.TypeOf(id).shape;
  return shape && std::count_if(shape->begin(), shape->end(),
                                [](const ir::Dim& dim) { return dim.value != 1; }) <= 1;
}

// Reads the same in every layout of a tensor of rank `rank`.
bool IsScalarFor(const Rewriter& rewriter, ValueId id, int64_t rank) {
  return IsOneElement(rewriter, id) && RankOf(rewriter, id) <= rank;
}

std::optional<NodeLayouts> DeriveElementwise(const Rewriter& rewriter, const Node& node,
                                             const Known& known) {
  const int64_t rank = RankOf(rewriter, node.output(0));
  const size_t data = DataOperands(node);
  const bool flattened = !known.layout.parts.empty();
  if (rank < 0 || node.outputs.size() != 1 || (!known.is_output && known.slot >= data))
    return std::nullopt;
  if (!known.is_output && RankOf(rewriter, node.inputs[known.slot]) != rank) return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.outputs[0] = known.layout;
  size_t full = 0;
  for (size_t i = 0; i < data; ++i) {
    const ValueId operand = node.inputs[i];
    if (!operand.valid()) continue;
    const int64_t own = RankOf(rewriter, operand);
    if (own == rank) {
      layouts.inputs[i] = known.layout;
      ++full;
    } else if (own > 0 && !IsOneElement(rewriter, operand)) {
      if (flattened || (!rewriter.ConstantOf(operand) && !IsVector(rewriter, operand)))
        return std::nullopt;
    } else if (own < 0) {
      return std::nullopt;
    }
  }
  if (flattened && full != 1) return std::nullopt;
  return layouts;
}

// The operand of a lower rank as one of full rank that lies as the result does.
ValueId Lifted(Rewriter& rewriter, ValueId operand, int64_t rank, const Layout& layout) {
  ir::Graph& graph = rewriter.graph();
  const std::string name = graph.value(operand).name + "_stored";
  if (const auto constant = rewriter.ConstantOf(operand)) {
    ir::Dims dims = constant->dims();
    dims.insert(dims.begin(), static_cast<size_t>(rank) - dims.size(), 1);
    return graph.AddInitializer(name, ir::Permuted(constant->Reshaped(dims).value(), layout.order));
  }
  ir::Shape shape = *rewriter.TypeOf(operand).shape;
  shape.insert(shape.begin(), static_cast<size_t>(rank) - shape.size(), ir::Dim::Of(1));
  shape = Permuted(shape, layout.order);
  std::vector<int64_t> target;
  for (const ir::Dim& dim : shape) target.push_back(dim.value.value_or(-1));  // of a vector: one
  const ValueId wanted = graph.AddInitializer(name + "_shape", IntsTensor(target));
  const ValueId lifted =
      graph.AddValue(name, ir::Type::OfTensor(rewriter.ElementOf(operand), shape));
  graph.AddNode("Reshape", {operand, wanted}, {lifted}, {}, name);
  return lifted;
}

void ApplyElementwise(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  const Node node = rewriter.graph().node(id);
  const int64_t rank = RankOf(rewriter, node.output(0));
  if (layouts.outputs[0].order.empty()) return;
  for (size_t i = 0; i < DataOperands(node); ++i) {
    const ValueId operand = node.inputs[i];
    if (!operand.valid() || RankOf(rewriter, operand) == rank || IsOneElement(rewriter, operand))
      continue;
    rewriter.graph().SetInput(id, i, Lifted(rewriter, operand, rank, layouts.outputs[0]));
  }
}

// Scale and zero point are scalars, or belong to one axis each element.
std::optional<NodeLayouts> DeriveQuantize(const Rewriter& rewriter, const Node& node,
                                          const Known& known) {
  if (!known.is_output && known.slot != 0) return std::nullopt;
  if (node.IntOr("block_size", 0) != 0) return std::nullopt;
  const int64_t rank = RankOf(rewriter, node.input(0));
  const ir::Type& scale = rewriter.TypeOf(node.input(1));
  const bool per_tensor = scale.rank() == 0 || IsScalarFor(rewriter, node.input(1), 1);
  if (!per_tensor && (scale.rank() != 1 || !known.layout.parts.empty())) return std::nullopt;
  if (!per_tensor && !NormalizedAxis(node.IntOr("axis", 1), rank)) return std::nullopt;
  if (rank < 2 || RankOf(rewriter, node.output(0)) != rank) return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = layouts.outputs[0] = known.layout;
  return layouts;
}

void ApplyQuantize(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const int64_t rank = RankOf(rewriter, graph.node(id).input(0));
  const auto axis = NormalizedAxis(graph.node(id).IntOr("axis", 1), rank);
  const bool per_tensor = IsScalarFor(rewriter, graph.node(id).input(1), 1);
  if (per_tensor || !axis || layouts.inputs[0].order.empty()) return;
  graph.SetAttribute(id, {"axis", MemoryAxis(layouts.inputs[0], *axis, rank)});
}

// Scale and zero point, the other outputs, are of the whole tensor.
std::optional<NodeLayouts> DeriveDynamicQuantize(const Rewriter& rewriter, const Node& node,
                                                 const Known& known) {
  const int64_t rank = RankOf(rewriter, node.input(0));
  if (known.slot != 0 || rank < 2 || RankOf(rewriter, node.output(0)) != rank) return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = layouts.outputs[0] = known.layout;
  return layouts;
}

// docs/Operators.md of onnx: one output of the shape of the broadcast inputs.
constexpr std::string_view kElementwise[] = {"Abs",         "Acos",
                                             "Acosh",       "Add",
                                             "And",         "Asin",
                                             "Asinh",       "Atan",
                                             "Atanh",       "BitShift",
                                             "BitwiseAnd",  "BitwiseNot",
                                             "BitwiseOr",   "BitwiseXor",
                                             "Cast",        "CastLike",
                                             "Ceil",        "Celu",
                                             "Clip",        "Cos",
                                             "Cosh",        "Div",
                                             "Elu",         "Equal",
                                             "Erf",         "Exp",
                                             "Floor",       "Gelu",
                                             "Greater",     "GreaterOrEqual",
                                             "HardSigmoid", "HardSwish",
                                             "Identity",    "IsInf",
                                             "IsNaN",       "LeakyRelu",
                                             "Less",        "LessOrEqual",
                                             "Log",         "Max",
                                             "Mean",        "Min",
                                             "Mish",        "Mod",
                                             "Mul",         "Neg",
                                             "Not",         "Or",
                                             "PRelu",       "Pow",
                                             "Reciprocal",  "Relu",
                                             "Round",       "Selu",
                                             "Shrink",      "Sigmoid",
                                             "Sign",        "Sin",
                                             "Sinh",        "Softplus",
                                             "Softsign",    "Sqrt",
                                             "Sub",         "Sum",
                                             "Swish",       "Tan",
                                             "Tanh",        "ThresholdedRelu",
                                             "Where",       "Xor"};

}  // namespace

std::span<const Rule> ElementwiseRules() {
  static const auto kRules = [] {
    std::vector<Rule> rules;
    for (const std::string_view op_type : kElementwise)
      rules.push_back({op_type, DeriveElementwise, ApplyElementwise});
    for (const std::string_view op_type : {"QuantizeLinear", "DequantizeLinear"})
      rules.push_back({op_type, DeriveQuantize, ApplyQuantize});
    rules.push_back({"DynamicQuantizeLinear", DeriveDynamicQuantize});
    return rules;
  }();
  return kRules;
}

}  // namespace edgeopt::passes::layout
