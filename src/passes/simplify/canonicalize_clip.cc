// canonicalize-clip: one Clip with constant limits, or a Relu, instead of what amounts to it.
//
// Before:   Min(Max(x, a), b), Max(Min(x, b), a), Clip(Relu(x), a, b), Relu(Clip(x, a, b)),
//           Clip(Clip(x, a, b), c, d), and longer chains of these
// After:    Clip(x, low, high) with scalar initializers
// Before:   Clip(x, 0), Clip(x, 0, inf), Max(x, 0)
// After:    Relu(x)
// Before:   Clip(x), Clip(x, -inf, inf)
// After:    x
// Requires: x is float16, float32 or float64; limits are constants of one element, each low not
//           above its high; what lies between has no other use; Min's and Max's constant does not
//           enlarge x. A limit at the end of the type's range counts as infinite.
// Maths:    limiting to [a, b] and then to [c, d] is limiting to [a, b] limited to [c, d].
// Numerics: exact; what a runtime makes of NaN (the specification does not say) may differ, and an
//           infinite x stays infinite where a limit was the largest finite number.
// Source:   ONNX operators Clip, Relu, Max, Min.
#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kLimitsAreInputs = 11;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Limits {
  double low = -kInfinity, high = kInfinity;
};

// A node that limits `data`.
struct Limiter {
  ValueId data;
  Limits limits;
};

class ClipCanonicalizer {
 public:
  ClipCanonicalizer(Rewriter& rewriter, NodeId id)
      : rewriter_(rewriter), graph_(rewriter.graph()), id_(id) {}

  Status Run() {
    const Node& node = graph_.node(id_);
    if (!node.Is("Clip") && !node.Is("Relu") && !node.Is("Max") && !node.Is("Min"))
      return OkStatus();
    type_ = rewriter_.ElementOf(node.output(0));
    if (type_ != DataType::kFloat16 && type_ != DataType::kFloat32 && type_ != DataType::kFloat64)
      return OkStatus();
    auto limiter = LimiterOf(node);
    if (!limiter) {
      if (node.Is("Clip"))
        rewriter_.Skip(id_, "its limits are computed at run time, or leave no range");
      return OkStatus();
    }
    const bool merged = MergeEarlier(*limiter);
    return Write(*limiter, merged);
  }

 private:
  std::optional<Limiter> LimiterOf(const Node& node) const {
    if (node.Is("Relu")) return Limiter{node.input(0), {0, kInfinity}};
    if (node.Is("Max")) return OfExtremum(node, true);
    if (node.Is("Min")) return OfExtremum(node, false);
    if (!node.Is("Clip")) return std::nullopt;
    Limits limits;
    if (rewriter_.opset() < kLimitsAreInputs) {
      limits = {node.FloatOr("min", -INFINITY), node.FloatOr("max", INFINITY)};
    } else if (!ReadLimit(node.input(1), limits.low) || !ReadLimit(node.input(2), limits.high)) {
      return std::nullopt;
    }
    return Valid({node.input(0), limits});
  }

  bool ReadLimit(ValueId id, double& limit) const {
    if (!id.valid()) return true;
    const auto value = rewriter_.ScalarOf(id);
    if (!value) return false;
    limit = *value;
    return true;
  }

  std::optional<Limiter> OfExtremum(const Node& node, bool is_max) const {
    if (node.inputs.size() != 2) return std::nullopt;
    for (const size_t slot : {0u, 1u}) {
      const auto constant = rewriter_.ConstantOf(node.input(slot));
      const ValueId data = node.input(1 - slot);
      if (!constant || constant->size() != 1 || !BroadcastsInto(*constant, rewriter_.TypeOf(data)))
        continue;
      const double value = *rewriter_.ScalarOf(node.input(slot));
      return Valid({data, is_max ? Limits{value, kInfinity} : Limits{-kInfinity, value}});
    }
    return std::nullopt;
  }

  // Limits at the end of the range are none; NaN and empty ranges are left alone.
  std::optional<Limiter> Valid(Limiter limiter) const {
    Limits& limits = limiter.limits;
    if (limits.low <= -LargestOf(type_)) limits.low = -kInfinity;
    if (limits.high >= LargestOf(type_)) limits.high = kInfinity;
    return limits.low <= limits.high ? std::optional(limiter) : std::nullopt;
  }

  bool MergeEarlier(Limiter& limiter) {
    bool merged = false;
    while (const auto earlier = EarlierOf(limiter.data)) {
      const Limits outer = limiter.limits, inner = earlier->limits;
      limiter.limits = {std::clamp(inner.low, outer.low, outer.high),
                        std::clamp(inner.high, outer.low, outer.high)};
      limiter.data = earlier->data;
      merged = true;
    }
    return merged;
  }

  std::optional<Limiter> EarlierOf(ValueId data) const {
    const NodeId producer = graph_.producer(data);
    if (!producer.valid() || !graph_.HasSingleUse(data)) return std::nullopt;
    return LimiterOf(graph_.node(producer));
  }

  Status Write(const Limiter& limiter, bool merged) {
    const Limits& limits = limiter.limits;
    const Node& node = graph_.node(id_);
    if (limits.low == -kInfinity && limits.high == kInfinity) {
      rewriter_.Bypass(id_, node.output(0), limiter.data);
    } else if (limits.low == 0 && limits.high == kInfinity) {
      if (node.Is("Relu") && !merged) return OkStatus();
      Become("Relu", {limiter.data});
    } else if (merged) {
      return BecomeClip(limiter);
    }
    return OkStatus();
  }

  void Become(const char* op_type, std::vector<ValueId> inputs) {
    graph_.RemoveAttribute(id_, "min");
    graph_.RemoveAttribute(id_, "max");
    graph_.SetOpType(id_, op_type);
    const NodeId earlier = graph_.producer(graph_.node(id_).input(0));
    graph_.SetNodeInputs(id_, std::move(inputs));
    if (earlier.valid()) rewriter_.RemoveIfUnused(earlier);
    rewriter_.Count();
  }

  Status BecomeClip(const Limiter& limiter) {
    const Limits& limits = limiter.limits;
    std::vector<ValueId> inputs = {limiter.data};
    if (rewriter_.opset() >= kLimitsAreInputs) {
      const std::string name = graph_.value(graph_.node(id_).output(0)).name;
      const auto add = [&](double limit, const char* what) -> Status {
        if (std::isinf(limit)) return inputs.push_back(ir::kNoValue), OkStatus();
        EDGEOPT_TRY(ir::Tensor tensor, RealTensor(type_, {}, {limit}));
        inputs.push_back(graph_.AddInitializer(name + what, std::move(tensor)));
        return OkStatus();
      };
      EDGEOPT_CHECK_OK(add(limits.low, "_min"));
      EDGEOPT_CHECK_OK(add(limits.high, "_max"));
      if (!inputs.back().valid()) inputs.pop_back();
    }
    Become("Clip", std::move(inputs));
    if (rewriter_.opset() >= kLimitsAreInputs) return OkStatus();
    graph_.SetAttribute(id_, {"min", static_cast<float>(limits.low)});
    graph_.SetAttribute(id_, {"max", static_cast<float>(limits.high)});
    return OkStatus();
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  NodeId id_;
  DataType type_ = DataType::kUndefined;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, NodeId id) {
    return ClipCanonicalizer(rewriter, id).Run();
  });
}

}  // namespace

Pass canonicalize_clip() {
  return {"canonicalize-clip", "chains of Clip, Relu, Min and Max become one Clip or Relu", Run};
}

}  // namespace edgeopt::passes
