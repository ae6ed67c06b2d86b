// fuse-gelu: the operators that make up a Gelu become one.
//
// Before:   y = 0.5 x (1 + erf(x / sqrt(2)))                             any order and grouping
// After:    y = Gelu(x)
// Before:   y = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
// After:    y = Gelu<approximate = "tanh">(x)
// Requires: opset 20; x is float16 or float32 (float64 has no kernel); constants of one element,
//           equal to these up to their type's rounding; nothing else uses what lies between.
// Maths:    the definition of Gelu.
// Numerics: some roundings of the type, of values up to |x|.
// Source:   ONNX operator Gelu; D. Hendrycks and K. Gimpel, arXiv 1606.08415.
#include <cmath>

#include "passes/patterns.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kOpset = 20;
const double kSqrtHalf = std::sqrt(0.5);
const double kSqrtTwoOverPi = std::sqrt(2 / M_PI);
constexpr double kCubic = 0.044715;

class GeluMatcher {
 public:
  GeluMatcher(const Rewriter& rewriter, ValueId x)
      : rewriter_(rewriter), x_(x), type_(rewriter.ElementOf(x)) {}

  // `id` is 1 + erf(x / sqrt(2)).
  bool IsErfFactor(ValueId id) const {
    const Node* erf = FunctionPlusOne(id, "Erf");
    return erf && IsMultiple(erf->input(0), kSqrtHalf, {x_});
  }

  // `id` is 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)), or with x taken out of the sum.
  bool IsTanhFactor(ValueId id) const {
    const Node* tanh = FunctionPlusOne(id, "Tanh");
    if (!tanh || !rewriter_.graph().HasSingleUse(tanh->input(0))) return false;
    const Product argument = ProductOf(rewriter_, tanh->input(0));
    if (!IsAbout(argument.constant, kSqrtTwoOverPi, type_)) return false;
    if (argument.factors.size() == 1) return IsCubicSum(argument.factors[0]);
    if (argument.factors.size() != 2) return false;
    const bool x_first = argument.factors[0] == x_;
    if (!x_first && argument.factors[1] != x_) return false;
    const auto sum = SoleShiftedTermOf(rewriter_, argument.factors[x_first ? 1 : 0]);
    return sum && sum->constant == 1 && IsCubicTerm(sum->term, 2);
  }

 private:
  const Node* FunctionPlusOne(ValueId id, const char* function) const {
    const auto sum = SoleShiftedTermOf(rewriter_, id);
    return sum && sum->constant == 1 ? rewriter_.SoleProducerIf(sum->term, function) : nullptr;
  }

  bool IsMultiple(ValueId id, double constant, const std::vector<ValueId>& factors) const {
    if (!rewriter_.graph().HasSingleUse(id)) return false;
    const Product product = ProductOf(rewriter_, id);
    return product.factors == factors && IsAbout(product.constant, constant, type_);
  }

  // x + 0.044715 x^3
  bool IsCubicSum(ValueId id) const {
    const Node* sum = rewriter_.SoleProducerIf(id, "Add");
    if (!sum) return false;
    return (sum->input(0) == x_ && IsCubicTerm(sum->input(1), 3)) ||
           (sum->input(1) == x_ && IsCubicTerm(sum->input(0), 3));
  }

  // 0.044715 x^exponent
  bool IsCubicTerm(ValueId id, int exponent) const {
    if (!rewriter_.graph().HasSingleUse(id)) return false;
    const Product product = ProductOf(rewriter_, id);
    if (!IsAbout(product.constant, kCubic, type_)) return false;
    const auto& factors = product.factors;
    if (factors.size() == 1) return PowerBaseOf(rewriter_, factors[0], exponent) == x_;
    return factors == std::vector<ValueId>(static_cast<size_t>(exponent), x_);
  }

  const Rewriter& rewriter_;
  ValueId x_;
  ir::DataType type_;
};

Status Fuse(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  if (!node.Is("Mul") && !node.Is("Div")) return OkStatus();
  const ValueId output = node.output(0);
  const ir::DataType type = rewriter.ElementOf(output);
  const Product product = ProductOf(rewriter, output);
  if (product.factors.size() != 2 || !IsAbout(product.constant, 0.5, type)) return OkStatus();
  for (const size_t i : {0u, 1u}) {
    const ValueId x = product.factors[i], factor = product.factors[1 - i];
    const GeluMatcher matcher(rewriter, x);
    const bool erf = matcher.IsErfFactor(factor), tanh = !erf && matcher.IsTanhFactor(factor);
    if (!erf && !tanh) continue;
    if (rewriter.opset() < kOpset) {
      rewriter.Skip(id, "Gelu needs opset 20, the model has " + std::to_string(rewriter.opset()));
    } else if (type != ir::DataType::kFloat32 && type != ir::DataType::kFloat16) {
      rewriter.Skip(id, "Gelu of " + std::string(ir::Name(type)) + " has no kernel");
    } else {
      std::vector<ir::Attribute> attributes;
      if (tanh) attributes.push_back({"approximate", std::string("tanh")});
      rewriter.ReplaceByNode(output, "Gelu", {x}, std::move(attributes));
      rewriter.Count();
    }
    break;
  }
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Fuse);
}

}  // namespace

Pass fuse_gelu() {
  return {"fuse-gelu", "a Gelu made of erf or tanh and arithmetic becomes one operator", Run};
}

}  // namespace edgeopt::passes
