// eliminate-reshape: Reshape, Flatten, Squeeze and Unsqueeze that change nothing go; of several in
// a row one is left.
//
// Before:   a = R1(x);  ...  y = Rn(z)             R1 ... Rn of the four, y of the shape of x
// After:    x in place of y
// Before:   a = R1(x);  y = R2(a)                  a not used elsewhere
// After:    y = Reshape(x, constant)               or y = Unsqueeze(x, axes), Squeeze(x, axes)
// Requires: types have been inferred: dimensions are equal if their numbers or symbols are.
//           For the second: the shape of y is expressible by a constant (reshape_target.h), or both
//           are Squeeze or both Unsqueeze with known axes.
// Maths:    all four keep the elements in row-major order, so only the last shape counts.
// Numerics: exact.
// Source:   ONNX operators Reshape, Flatten, Squeeze, Unsqueeze.
#include <algorithm>

#include "passes/operands.h"
#include "passes/reshape_target.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kAxesAreInputs = 13;  // opset in which Squeeze's and Unsqueeze's axes moved

bool IsReshape(const Node& node) {
  return node.Is("Reshape") || node.Is("Flatten") || node.Is("Squeeze") || node.Is("Unsqueeze");
}

bool SameDims(const std::optional<Elements>& a, const std::optional<Elements>& b) {
  return a && b &&
         std::equal(a->begin(), a->end(), b->begin(), b->end(),
                    [](const Element& x, const Element& y) { return x.Equals(y); });
}

class ReshapeEliminator {
 public:
  ReshapeEliminator(Rewriter& rewriter, NodeId id)
      : rewriter_(rewriter), graph_(rewriter.graph()), values_(rewriter), id_(id) {}

  void Run() {
    if (!IsReshape(graph_.node(id_)) || RemoveNoop()) return;
    while (MergeWithFirst()) {
    }
  }

 private:
  // An ancestor over reshapes alone that has the same shape takes the output's place.
  bool RemoveNoop() {
    const ValueId output = graph_.node(id_).output(0);
    const auto wanted = values_.DimsOf(output);
    ValueId found = ir::kNoValue;
    for (ValueId at = graph_.node(id_).input(0);;) {
      if (SameDims(values_.DimsOf(at), wanted)) found = at;
      const NodeId producer = graph_.producer(at);
      if (!producer.valid() || !IsReshape(graph_.node(producer))) break;
      at = graph_.node(producer).input(0);
    }
    return found.valid() && rewriter_.Bypass(id_, output, found);
  }

  bool MergeWithFirst() {
    const Node& second = graph_.node(id_);
    const ValueId between = second.input(0);
    const NodeId first_id = graph_.producer(between);
    if (!first_id.valid() || !IsReshape(graph_.node(first_id))) return false;
    if (!graph_.HasSingleUse(between)) {
      rewriter_.Skip(id_, "the " + graph_.node(first_id).op_type + " before it has another use");
      return false;
    }
    if (!MergeAbsolute() && !MergeByTypes() && !MergeAxes()) {
      rewriter_.Skip(id_, "its shape can't be told from the input of the " +
                              graph_.node(first_id).op_type + " before it");
      return false;
    }
    graph_.SetInput(id_, 0, graph_.node(first_id).input(0));
    rewriter_.RemoveIfUnused(first_id);
    rewriter_.Count();
    return true;
  }

  const Node& First() const { return graph_.node(graph_.producer(graph_.node(id_).input(0))); }

  // The second one's shape copies nothing from its input.
  bool MergeAbsolute() {
    const Node& second = graph_.node(id_);
    if (!second.Is("Reshape")) return false;
    const auto shape = rewriter_.IntsOf(second.input(1));
    return shape && std::find(shape->begin(), shape->end(), 0) == shape->end();
  }

  bool MergeByTypes() {
    const ValueId output = graph_.node(id_).output(0);
    const auto wanted = values_.DimsOf(output);
    const auto data = values_.DimsOf(First().input(0));
    if (!wanted || !data) return false;
    const bool empty = std::any_of(wanted->begin(), wanted->end(),
                                   [](const Element& element) { return element.number == 0; });
    const auto shape = empty ? std::nullopt : ReshapeTarget(*wanted, *data);
    if (!shape) return false;
    for (const char* attribute : {"axis", "axes", "allowzero"})
      graph_.RemoveAttribute(id_, attribute);
    graph_.SetOpType(id_, "Reshape");
    const std::string name = graph_.value(output).name + "_shape";
    graph_.SetInput(id_, 1, graph_.AddInitializer(name, IntsTensor(*shape)));
    return true;
  }

  // Two Unsqueezes or two Squeezes: the axes of both, as axes of the larger rank.
  bool MergeAxes() {
    const Node &second = graph_.node(id_), &first = First();
    const bool unsqueeze = second.Is("Unsqueeze");
    if (second.op_type != first.op_type || (!unsqueeze && !second.Is("Squeeze"))) return false;
    const int64_t rank = rewriter_.TypeOf(first.input(0)).rank();
    const int64_t last_rank = rewriter_.TypeOf(second.output(0)).rank();
    const int64_t between_rank = rewriter_.TypeOf(second.input(0)).rank();
    if (rank < 0 || last_rank < 0 || between_rank < 0) return false;
    const auto inner = AxesOf(unsqueeze ? first : second, between_rank);
    const auto outer = AxesOf(unsqueeze ? second : first, unsqueeze ? last_rank : rank);
    if (!inner || !outer) return false;
    SetAxes(Composed(*inner, *outer, unsqueeze ? last_rank : rank));
    return true;
  }

  std::optional<std::vector<int64_t>> AxesOf(const Node& node, int64_t rank) const {
    const Parameter axes = ParameterOf(rewriter_, node, "axes", 1);
    if (!axes.given || !axes.known) return std::nullopt;
    return NormalizedAxes(axes.values, rank);
  }

  // `outer` are axes of the shape of rank `rank`; `inner` count only the other axes of it.
  static std::vector<int64_t> Composed(const std::vector<int64_t>& inner,
                                       const std::vector<int64_t>& outer, int64_t rank) {
    std::vector<int64_t> others, all = outer;
    for (int64_t axis = 0; axis < rank; ++axis)
      if (std::find(outer.begin(), outer.end(), axis) == outer.end()) others.push_back(axis);
    for (const int64_t axis : inner) all.push_back(others[static_cast<size_t>(axis)]);
    std::sort(all.begin(), all.end());
    return all;
  }

  void SetAxes(const std::vector<int64_t>& axes) {
    if (rewriter_.opset() < kAxesAreInputs) return graph_.SetAttribute(id_, {"axes", axes});
    const std::string name = graph_.value(graph_.node(id_).output(0)).name + "_axes";
    graph_.SetInput(id_, 1, graph_.AddInitializer(name, IntsTensor(axes)));
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  ShapeValues values_;
  NodeId id_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, NodeId id) {
    ReshapeEliminator(rewriter, id).Run();
    return OkStatus();
  });
}

}  // namespace

Pass eliminate_reshape() {
  return {"eliminate-reshape", "reshapes that change nothing, and all but the last in a row, go",
          Run};
}

}  // namespace edgeopt::passes
