// eliminate-arithmetic: arithmetic that changes nothing goes.
//
// Before:   x + 0, 0 + x, x - 0, x * 1, 1 * x, x / 1, x ^ 1, And(x, true), Or(x, false),
//           Where(true, x, b), Where(false, a, x), Max(x) and Min(x), Sum(x), Mean(x) of one,
//           -(-x), not not x, and Relu, Abs, Ceil, Floor, Round, Sign of itself
// After:    x
// Requires: the constant is a constant in every element and does not enlarge x by broadcasting.
// Maths:    neutral elements, involutions, idempotent functions.
// Numerics: exact; only -0 + 0 becomes -0 instead of 0, which compare equal.
// Source:   ONNX operators of these names.
#include <algorithm>
#include <array>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

struct Neutral {
  std::string_view op_type;
  double value;
  bool commutes;
};
constexpr Neutral kNeutral[] = {{"Add", 0, true},  {"Sub", 0, false}, {"Mul", 1, true},
                                {"Div", 1, false}, {"Pow", 1, false}, {"And", 1, true},
                                {"Or", 0, true}};
constexpr std::array<std::string_view, 6> kIdempotent = {"Relu",  "Abs",   "Ceil",
                                                         "Floor", "Round", "Sign"};
constexpr std::array<std::string_view, 4> kVariadic = {"Max", "Min", "Sum", "Mean"};

template <typename List>
bool IsOneOf(const Node& node, const List& list) {
  return node.domain.empty() && std::find(list.begin(), list.end(), node.op_type) != list.end();
}

// The input that the node gives back unchanged; kNoValue when there is none.
class Unchanged {
 public:
  Unchanged(const Rewriter& rewriter, const Node& node) : rewriter_(rewriter), node_(node) {}

  ValueId Find() const {
    if (node_.Is("Where")) return OfWhere();
    if (IsOneOf(node_, kVariadic)) return node_.inputs.size() == 1 ? node_.input(0) : ir::kNoValue;
    if (node_.Is("Neg") || node_.Is("Not")) return OfTwice();
    if (IsOneOf(node_, kIdempotent))
      return rewriter_.graph().ProducerIf(node_.input(0), node_.op_type) ? node_.input(0)
                                                                         : ir::kNoValue;
    for (const Neutral& neutral : kNeutral) {
      if (!node_.Is(neutral.op_type)) continue;
      if (IsNeutral(node_.input(1), neutral.value, node_.input(0))) return node_.input(0);
      if (neutral.commutes && IsNeutral(node_.input(0), neutral.value, node_.input(1)))
        return node_.input(1);
    }
    return ir::kNoValue;
  }

 private:
  bool IsNeutral(ValueId operand, double value, ValueId kept) const {
    const auto constant = rewriter_.ConstantOf(operand);
    return constant && IsFilledWith(*constant, value) &&
           BroadcastsInto(*constant, rewriter_.TypeOf(kept));
  }

  ValueId OfTwice() const {
    const Node* inner = rewriter_.graph().ProducerIf(node_.input(0), node_.op_type);
    return inner ? inner->input(0) : ir::kNoValue;
  }

  ValueId OfWhere() const {
    const auto condition = rewriter_.ConstantOf(node_.input(0));
    if (!condition) return ir::kNoValue;
    const bool yes = IsFilledWith(*condition, 1), no = IsFilledWith(*condition, 0);
    if (!yes && !no) return ir::kNoValue;
    const ValueId kept = node_.input(yes ? 1 : 2);
    return SameShape(rewriter_.TypeOf(kept), rewriter_.TypeOf(node_.output(0))) ? kept
                                                                                : ir::kNoValue;
  }

  const Rewriter& rewriter_;
  const Node& node_;
};

Status Eliminate(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  const ValueId kept = Unchanged(rewriter, node).Find();
  if (kept.valid()) rewriter.Bypass(id, node.output(0), kept);
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_arithmetic() {
  return {"eliminate-arithmetic", "x + 0, x * 1, --x and the like are removed", Run};
}

}  // namespace edgeopt::passes
