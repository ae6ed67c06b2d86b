// eliminate-transpose: transposes that change nothing go, two become one, also across elementwise
// operators.
//
// Before:   y = Transpose<perm>(x)                     perm keeps all axes, or moves only axes of
//                                                      size 1 and leaves the shape the same
// After:    x in place of y
// Before:   y = Transpose<q>(Transpose<p>(x))          or with elementwise operators f in between:
//                                                      Transpose<q>(f(Transpose<p>(x)))
// After:    y = Transpose<p . q>(f(x)), or f(x) where p . q is the identity
// Before:   y = R(Transpose<p>(x))                     R a Reshape, Squeeze, Unsqueeze or Flatten
// that
//                                                      keeps the rank and only moves axes of size 1
// After:    y = Transpose<q>(x)
// Before:   y = Op(Transpose<p>(a), Transpose<p>(b))   Op elementwise, or Concat of any number
// After:    y = Transpose<p>(Op(a, b))
// Before:   y = Gemm<transA, transB>(Transpose(a), b)  or the same for b
// After:    y = Gemm<!transA, transB>(a, b)
// Requires: what lies between has no other use; f's other operands are constants of one element;
//           the ranks are known where perm is absent (it then reverses the axes). Two transposes
//           that cancel need no sole use.
// Maths:    elementwise functions commute with a permutation of the elements.
// Numerics: exact (Gemm: it may add in another order, each product is the same).
// Source:   ONNX operators Transpose, Gemm, Concat.
#include <algorithm>
#include <array>
#include <numeric>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;
using Permutation = std::vector<int64_t>;

// Of these one input decides shape and layout.
constexpr std::array<std::string_view, 39> kElementwise = {
    "Abs",      "Add",         "Cast",
    "Ceil",     "Celu",        "Clip",
    "Cos",      "Div",         "Elu",
    "Erf",      "Exp",         "Floor",
    "Gelu",     "HardSigmoid", "HardSwish",
    "Identity", "LeakyRelu",   "Log",
    "Max",      "Min",         "Mish",
    "Mul",      "Neg",         "Not",
    "Pow",      "Reciprocal",  "Relu",
    "Round",    "Selu",        "Sigmoid",
    "Sign",     "Sin",         "Softplus",
    "Softsign", "Sqrt",        "Sub",
    "Swish",    "Tanh",        "ThresholdedRelu"};
constexpr std::array<std::string_view, 9> kBinary = {"Add", "And", "Div", "Max", "Min",
                                                     "Mul", "Or",  "Pow", "Sub"};

template <typename List>
bool IsOneOf(const Node& node, const List& list) {
  return node.domain.empty() && std::find(list.begin(), list.end(), node.op_type) != list.end();
}

class TransposeEliminator {
 public:
  explicit TransposeEliminator(Rewriter& rewriter)
      : rewriter_(rewriter), graph_(rewriter.graph()) {}

  void Run(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.Is("Transpose")) {
      if (!RemoveNoop(id) && !Cancel(id)) MergeWithFirst(id);
    } else if (node.Is("Reshape") || node.Is("Squeeze") || node.Is("Unsqueeze") ||
               node.Is("Flatten")) {
      MergeReshape(id);
    } else if (node.Is("Gemm")) {
      MergeIntoGemm(id, 0, "transA");
      MergeIntoGemm(id, 1, "transB");
    } else if (node.Is("Concat") || IsOneOf(node, kBinary)) {
      PullThrough(id);
    }
  }

 private:
  std::optional<Permutation> PermutationOf(const Node& node) const {
    if (node.FindAttribute("perm")) return node.IntsOr("perm", {});
    const int64_t rank = rewriter_.TypeOf(node.input(0)).rank();
    if (rank < 0) return std::nullopt;
    Permutation reversed(static_cast<size_t>(rank));
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return reversed;
  }

  static bool IsIdentity(const Permutation& perm) {
    for (size_t i = 0; i < perm.size(); ++i)
      if (perm[i] != static_cast<int64_t>(i)) return false;
    return true;
  }

  // The axes of more than one element keep their order, and the shape stays the same.
  bool MovesNothing(const Permutation& perm, const ir::Type& type) const {
    if (!type.shape || type.shape->size() != perm.size()) return false;
    int64_t last = -1;
    for (size_t i = 0; i < perm.size(); ++i) {
      const ir::Dim& dim = (*type.shape)[static_cast<size_t>(perm[i])];
      if (!SameDim(dim, (*type.shape)[i])) return false;
      if (dim.value == 1) continue;
      if (perm[i] < last) return false;
      last = perm[i];
    }
    return true;
  }

  bool RemoveNoop(NodeId id) {
    const Node& node = graph_.node(id);
    const auto perm = PermutationOf(node);
    if (!perm || (!IsIdentity(*perm) && !MovesNothing(*perm, rewriter_.TypeOf(node.input(0)))))
      return false;
    return rewriter_.Bypass(id, node.output(0), node.input(0));
  }

  // Axis i of the result of p and then q is axis p[q[i]] of the start.
  static std::optional<Permutation> Composed(const Permutation& p, const Permutation& q) {
    if (p.size() != q.size()) return std::nullopt;
    Permutation both;
    for (const int64_t axis : q) both.push_back(p[static_cast<size_t>(axis)]);
    return both;
  }

  std::optional<Permutation> ComposedWith(const Node& first, const Node& second) const {
    const auto p = PermutationOf(first), q = PermutationOf(second);
    return p && q ? Composed(*p, *q) : std::nullopt;
  }

  // Directly behind each other and inverse: nothing else need be the case.
  bool Cancel(NodeId id) {
    const Node& second = graph_.node(id);
    const Node* first = graph_.ProducerIf(second.input(0), "Transpose");
    const auto both = first ? ComposedWith(*first, second) : std::nullopt;
    return both && IsIdentity(*both) && rewriter_.Bypass(id, second.output(0), first->input(0));
  }

  // The input that decides shape and layout: the others are single elements, the same in every
  // layout. nullopt when the node is not elementwise.
  std::optional<size_t> DataSlot(const Node& node) const {
    if (!IsOneOf(node, kElementwise)) return std::nullopt;
    std::optional<size_t> data;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!node.inputs[i].valid() || IsOneElement(node.inputs[i])) continue;
      if (data) return std::nullopt;
      data = i;
    }
    return data;
  }
  bool IsOneElement(ValueId id) const {
    const auto constant = rewriter_.ConstantOf(id);
    return constant && constant->size() == 1 && constant->rank() <= 1;
  }

  // An input of a node on the way from the first transpose to the second.
  struct Step {
    NodeId node;
    size_t slot;
  };

  void MergeWithFirst(NodeId id) {
    std::vector<Step> way = {{id, 0}};
    for (;;) {
      const ValueId at = graph_.node(way.back().node).input(way.back().slot);
      const NodeId producer = graph_.producer(at);
      if (!producer.valid()) return;
      const Node& node = graph_.node(producer);
      const auto slot = node.Is("Transpose") ? std::optional<size_t>(0) : DataSlot(node);
      if (!slot) return;
      if (!graph_.HasSingleUse(at))
        return rewriter_.Skip(
            id, "the result of " + graph_.Describe(producer) + " before it has another use");
      if (node.Is("Transpose")) return MergeAcross(id, producer, way);
      way.push_back({producer, *slot});
    }
  }

  void MergeAcross(NodeId id, NodeId first, const std::vector<Step>& way) {
    const auto both = ComposedWith(graph_.node(first), graph_.node(id));
    if (!both) return;
    const ValueId start = graph_.node(first).input(0);
    const auto layout = rewriter_.TypeOf(start).shape;
    for (size_t i = 1; i < way.size(); ++i) {
      const ValueId output = graph_.node(way[i].node).output(0);
      graph_.SetType(output, ir::Type::OfTensor(rewriter_.ElementOf(output), layout));
    }
    graph_.SetInput(way.back().node, way.back().slot, start);
    graph_.SetAttribute(id, {"perm", *both});
    rewriter_.RemoveIfUnused(first);
    rewriter_.Count();
    RemoveNoop(id);
  }

  // A permutation that takes `from` to `to`, keeping the order of the axes of other sizes than 1.
  static std::optional<Permutation> MovingOnes(const ir::Shape& from, const ir::Shape& to) {
    if (from.size() != to.size()) return std::nullopt;
    std::vector<int64_t> ones, others;
    for (size_t i = 0; i < from.size(); ++i)
      (from[i].value == 1 ? ones : others).push_back(static_cast<int64_t>(i));
    Permutation perm;
    auto one = ones.begin(), other = others.begin();
    for (const ir::Dim& dim : to) {
      if (dim.value == 1 && one != ones.end())
        perm.push_back(*one++);
      else if (other != others.end() && SameDim(from[static_cast<size_t>(*other)], dim))
        perm.push_back(*other++);
      else
        return std::nullopt;
    }
    return perm;
  }

  void MergeReshape(NodeId id) {
    const Node& node = graph_.node(id);
    const Node* transpose = rewriter_.SoleProducerIf(node.input(0), "Transpose");
    if (!transpose) return;
    const auto &from = rewriter_.TypeOf(node.input(0)).shape,
               &to = rewriter_.TypeOf(node.output(0)).shape;
    const auto first = PermutationOf(*transpose);
    const auto second = from && to ? MovingOnes(*from, *to) : std::nullopt;
    const auto both = first && second ? Composed(*first, *second) : std::nullopt;
    if (!both) return rewriter_.Skip(id, "it does more than to move axes of size 1");
    const NodeId transpose_id = graph_.producer(node.input(0));
    const ValueId source = transpose->input(0);
    for (const char* attribute : {"allowzero", "axis", "axes"})
      graph_.RemoveAttribute(id, attribute);
    graph_.SetOpType(id, "Transpose");
    graph_.SetNodeInputs(id, {source});
    graph_.SetAttribute(id, {"perm", *both});
    rewriter_.RemoveIfUnused(transpose_id);
    rewriter_.Count();
    RemoveNoop(id);
  }

  void MergeIntoGemm(NodeId id, size_t slot, const char* attribute) {
    const Node& gemm = graph_.node(id);
    const Node* transpose = rewriter_.SoleProducerIf(gemm.input(slot), "Transpose");
    if (!transpose || PermutationOf(*transpose) != Permutation{1, 0}) return;
    const NodeId transpose_id = graph_.producer(gemm.input(slot));
    graph_.SetAttribute(id, {attribute, int64_t{gemm.IntOr(attribute, 0) == 0}});
    graph_.SetInput(id, slot, transpose->input(0));
    rewriter_.RemoveIfUnused(transpose_id);
    rewriter_.Count();
  }

  // All operands go through the same transpose: it is done once, behind.
  void PullThrough(NodeId id) {
    const Node node = graph_.node(id);
    if (node.inputs.size() < 2 || node.outputs.size() != 1) return;
    std::optional<Permutation> perm;
    for (const ValueId input : node.inputs) {
      const Node* transpose = rewriter_.SoleProducerIf(input, "Transpose");
      const auto found = transpose ? PermutationOf(*transpose) : std::nullopt;
      if (!found || (perm && *perm != *found)) return;
      perm = found;
    }
    std::vector<ValueId> sources;
    for (const ValueId input : node.inputs)
      sources.push_back(graph_.ProducerIf(input, "Transpose")->input(0));
    std::vector<ir::Attribute> attributes = node.attributes;
    if (node.Is("Concat")) {
      const auto axis = NormalizedAxis(node.IntOr("axis", 0), static_cast<int64_t>(perm->size()));
      if (!axis) return;
      attributes = {{"axis", (*perm)[static_cast<size_t>(*axis)]}};
    }
    const ValueId output = node.output(0);
    const ValueId inner =
        graph_.AddValue(graph_.value(output).name, ir::Type::OfTensor(rewriter_.ElementOf(output)));
    graph_.SetNodeOutputs(id, {inner});
    graph_.SetNodeInputs(id, sources);
    for (ir::Attribute& attribute : attributes) graph_.SetAttribute(id, std::move(attribute));
    graph_.AddNode("Transpose", {inner}, {output}, {{"perm", *perm}}, node.name + "_transpose");
    for (const ValueId input : node.inputs) rewriter_.RemoveIfUnused(graph_.producer(input));
    rewriter_.Count();
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, NodeId id) {
    TransposeEliminator(rewriter).Run(id);
    return OkStatus();
  });
}

}  // namespace

Pass eliminate_transpose() {
  return {"eliminate-transpose", "transposes that cancel are removed, others merged", Run};
}

}  // namespace edgeopt::passes
