// A fully connected layer behind a flattened feature map: its weight's rows follow the map's order,
// so that the map need not be transposed (AlexNet, VGG, LeNet).
//
// Before:   y = Gemm(f, W)                          f [N, CHW], W [CHW, M]
// After:    y = Gemm(f', W')                        f' [N, HWC], W' the rows of W in that order
// Before:   y = Gemm<transB = 1>(f, W), MatMul(f, W), and W behind a DequantizeLinear
// Requires: W is a constant matrix; its DequantizeLinear is per tensor or along M; transA = 0.
// Maths:    a sum over k may be taken in another order of k.
// Numerics: each product is the same; they are added in another order.
#include <utility>

#include "ir/permute.h"
#include "passes/layout/rules.h"
#include "passes/operands.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// The axis of the weight along which is summed.
int64_t SumAxis(const Node& node) {
  return node.Is("Gemm") && node.IntOr("transB", 0) != 0 ? 1 : 0;
}

bool IsOneScale(const Rewriter& rewriter, ValueId id) {
  const auto dims = rewriter.TypeOf(id).static_dims();
  return dims && (dims->empty() || (dims->size() == 1 && (*dims)[0] == 1));
}

// The constant itself, or the constant whose DequantizeLinear is the weight.
ValueId WeightSource(const Rewriter& rewriter, const Node& node) {
  const ValueId weight = node.input(1);
  if (rewriter.ConstantOf(weight)) return weight;
  const Node* dequantize = rewriter.graph().ProducerIf(weight, "DequantizeLinear");
  if (!dequantize || dequantize->IntOr("block_size", 0) != 0) return ir::kNoValue;
  const bool per_tensor = IsOneScale(rewriter, dequantize->input(1));
  const auto axis = NormalizedAxis(dequantize->IntOr("axis", 1), 2);
  if (!per_tensor && (!axis || *axis == SumAxis(node))) return ir::kNoValue;
  return rewriter.ConstantOf(dequantize->input(0)) ? dequantize->input(0) : ir::kNoValue;
}

std::optional<NodeLayouts> DeriveFullyConnected(const Rewriter& rewriter, const Node& node,
                                                const Known& known) {
  if (known.is_output || known.slot != 0 || known.layout.parts.empty()) return std::nullopt;
  if (node.IntOr("transA", 0) != 0) return std::nullopt;
  const ValueId source = WeightSource(rewriter, node);
  const auto weight = source.valid() ? rewriter.ConstantOf(source) : std::nullopt;
  const int64_t parts = ir::ElementCount(known.layout.parts).value();
  if (!weight || weight->rank() != 2 || weight->dims()[static_cast<size_t>(SumAxis(node))] != parts)
    return std::nullopt;
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = known.layout;
  return layouts;
}

// The elements along `axis` of a matrix are [parts...]; they get the layout's order.
ir::Tensor Reordered(const ir::Tensor& matrix, int64_t axis, const Layout& layout) {
  ir::Dims split = layout.parts;
  Permutation order;
  for (const int64_t part : layout.parts_order) order.push_back(part + axis);
  if (axis == 0) {
    split.push_back(matrix.dims()[1]);
    order.push_back(static_cast<int64_t>(order.size()));
  } else {
    split.insert(split.begin(), matrix.dims()[0]);
    order.insert(order.begin(), 0);
  }
  return ir::Permuted(matrix.Reshaped(split).value(), order).Reshaped(matrix.dims()).value();
}

void ApplyFullyConnected(Rewriter& rewriter, NodeId id, const NodeLayouts& layouts) {
  ir::Graph& graph = rewriter.graph();
  const Node node = graph.node(id);
  const ValueId source = WeightSource(rewriter, node);
  const ir::Tensor reordered =
      Reordered(*rewriter.ConstantOf(source), SumAxis(node), layouts.inputs[0]);
  ValueId weight = graph.AddInitializer(graph.value(source).name + "_stored", reordered);
  if (source != node.input(1)) {  // the DequantizeLinear may have other uses: a new one
    const Node dequantize = *graph.ProducerIf(node.input(1), "DequantizeLinear");
    std::vector<ValueId> inputs = dequantize.inputs;
    inputs[0] = weight;
    weight =
        graph.AddValue(graph.value(node.input(1)).name + "_stored", rewriter.TypeOf(node.input(1)));
    graph.AddNode("DequantizeLinear", std::move(inputs), {weight}, dequantize.attributes,
                  graph.value(weight).name + "_dequantize");
  }
  graph.SetInput(id, 1, weight);
}

constexpr Rule kFlattenedRules[] = {{"Gemm", DeriveFullyConnected, ApplyFullyConnected},
                                    {"MatMul", DeriveFullyConnected, ApplyFullyConnected}};

}  // namespace

std::span<const Rule> FlattenedRules() { return kFlattenedRules; }

}  // namespace edgeopt::passes::layout
