// Activations and mathematical functions that TFLite has not, as formulas of what it has.
#include <cmath>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

float Float(const NodeLowering& node, std::string_view attribute, float fallback) {
  return node.node().FloatOr(attribute, fallback);
}

// max(0, min(1, alpha x + beta)).
Status HardSigmoid(NodeLowering& node) {
  Composer c(node);
  const TensorIndex scaled = c.Binary(Op::MUL, c.In(0), Float(node, "alpha", 0.2f));
  return c.Finish(Op::RELU_0_TO_1, c.Binary(Op::ADD, scaled, Float(node, "beta", 0.5f)));
}

Status Softplus(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex decayed = c.Unary(Op::EXP, c.Unary(Op::NEG, c.Unary(Op::ABS, x)));
  const TensorIndex logarithm = c.Unary(Op::LOG, c.Binary(Op::ADD, decayed, 1.0));
  return c.Finish(Op::ADD, c.Unary(Op::RELU, x), logarithm);
}

Status Softsign(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::DIV, x, c.Binary(Op::ADD, c.Unary(Op::ABS, x), 1.0));
}

// gamma (max(x, 0) + alpha (exp(min(x, 0)) - 1)).
Status Selu(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex below = c.Unary(Op::EXP, c.Binary(Op::MINIMUM, x, 0.0));
  const TensorIndex negative = c.Binary(Op::MUL, c.Binary(Op::SUB, below, 1.0),
                                        Float(node, "alpha", 1.67326319217681884765625f));
  return c.Finish(Op::MUL, c.Binary(Op::ADD, c.Unary(Op::RELU, x), negative),
                  c.Scalar(Float(node, "gamma", 1.05070102214813232421875f)));
}

// TFLite's ELU has alpha 1.
Status Elu(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const float alpha = Float(node, "alpha", 1);
  if (alpha == 1) return c.Finish(Op::ELU, x);
  const TensorIndex below = c.Unary(Op::EXP, c.Binary(Op::MINIMUM, x, 0.0));
  return c.Finish(Op::ADD, c.Unary(Op::RELU, x),
                  c.Binary(Op::MUL, c.Binary(Op::SUB, below, 1.0), alpha));
}

// max(x, 0) + min(0, alpha (exp(x / alpha) - 1)).
Status Celu(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const float alpha = Float(node, "alpha", 1);
  const TensorIndex low = c.Binary(Op::MINIMUM, x, 0.0);
  const TensorIndex below = c.Unary(Op::EXP, c.Binary(Op::DIV, low, alpha));
  return c.Finish(Op::ADD, c.Unary(Op::RELU, x),
                  c.Binary(Op::MUL, c.Binary(Op::SUB, below, 1.0), alpha));
}

Status ThresholdedRelu(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex above = c.Compare(Op::GREATER, x, c.Scalar(Float(node, "alpha", 1)));
  return c.FinishSelect(above, x, c.Scalar(0));
}

Status Mish(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::MUL, x, c.Unary(Op::TANH, c.Softplus(x)));
}

// x sigmoid(alpha x).
Status Swish(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const float alpha = Float(node, "alpha", 1);
  const TensorIndex scaled = alpha == 1 ? x : c.Binary(Op::MUL, x, alpha);
  return c.Finish(Op::MUL, x, c.Unary(Op::LOGISTIC, scaled));
}

// TFLite's slope has the shape of x without the batch; what else broadcasts is a formula:
// max(x, 0) + slope min(x, 0).
Status PRelu(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const int64_t rank = node.InRank(0);
  if (node.InRank(1) == rank - 1 || (node.InRank(1) == rank && rank > 1 && node.InDim(1, 0) == 1)) {
    EDGEOPT_TRY(TensorIndex slope, node.In(1));
    if (node.InRank(1) == rank) {
      ir::Shape shape = node.file().ShapeOf(slope);
      shape.erase(shape.begin());
      const auto constant = node.ConstantIn(1);
      if (constant) {
        EDGEOPT_TRY(const ir::Tensor reshaped, constant->Reshaped(*ir::ToDims(shape)));
        EDGEOPT_TRY(slope, node.Constant(reshaped, "slope"));
      } else {
        EDGEOPT_TRY(slope, node.Reshape(slope, shape, "slope"));
      }
    }
    return c.Finish(Op::PRELU, x, slope);
  }
  const TensorIndex below = c.Binary(Op::MINIMUM, x, 0.0);
  return c.Finish(Op::ADD, c.Unary(Op::RELU, x), c.Binary(Op::MUL, below, c.In(1)));
}

Status Shrink(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const float bias = Float(node, "bias", 0), lambda = Float(node, "lambd", 0.5f);
  const TensorIndex above = c.Compare(Op::GREATER, x, c.Scalar(lambda));
  const TensorIndex below = c.Compare(Op::LESS, x, c.Scalar(-lambda));
  const TensorIndex upper = c.Select(above, c.Binary(Op::SUB, x, bias), c.Scalar(0));
  return c.FinishSelect(below, c.Binary(Op::ADD, x, bias), upper);
}

// erf(x) = sign(x) (1 - P(t) t exp(-x^2)) with t = 1 / (1 + p |x|), off by 1.5e-7 at most.
// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
Status Erf(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex size = c.Unary(Op::ABS, x);
  const TensorIndex t =
      c.Binary(Op::DIV, c.Scalar(1), c.Binary(Op::ADD, c.Binary(Op::MUL, size, 0.3275911), 1.0));
  const TensorIndex series = c.Binary(
      Op::MUL, t,
      c.Polynomial(t, {1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592}));
  const TensorIndex decayed = c.Unary(Op::EXP, c.Unary(Op::NEG, c.Binary(Op::MUL, x, x)));
  const TensorIndex rest = c.Binary(Op::MUL, series, decayed);
  return c.Finish(Op::MUL, c.Unary(Op::SIGN, x), c.Binary(Op::SUB, c.Scalar(1), rest));
}

Status Tan(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::DIV, c.Unary(Op::SIN, x), c.Unary(Op::COS, x));
}

// (exp(x) -+ exp(-x)) / 2.
template <Op kCombine>
Status Hyperbolic(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex rising = c.Unary(Op::EXP, x), falling = c.Unary(Op::EXP, c.Unary(Op::NEG, x));
  return c.Finish(Op::MUL, c.Binary(kCombine, rising, falling), c.Scalar(0.5));
}

Status Atan(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::ATAN2, x, c.Binary(Op::ADD, c.Binary(Op::MUL, x, 0.0), 1.0));
}

// The other leg of the right triangle with hypotenuse 1.
TensorIndex OtherLeg(Composer& c, TensorIndex x) {
  return c.Unary(Op::SQRT, c.Binary(Op::SUB, c.Scalar(1), c.Binary(Op::MUL, x, x)));
}

Status Asin(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::ATAN2, x, OtherLeg(c, x));
}

Status Acos(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::ATAN2, OtherLeg(c, x), x);
}

// sign(x) log(|x| + sqrt(x^2 + 1)): without cancellation for negative x.
Status Asinh(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex root = c.Unary(Op::SQRT, c.Binary(Op::ADD, c.Binary(Op::MUL, x, x), 1.0));
  const TensorIndex logarithm = c.Unary(Op::LOG, c.Binary(Op::ADD, c.Unary(Op::ABS, x), root));
  return c.Finish(Op::MUL, c.Unary(Op::SIGN, x), logarithm);
}

Status Acosh(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex root = c.Unary(Op::SQRT, c.Binary(Op::SUB, c.Binary(Op::MUL, x, x), 1.0));
  return c.Finish(Op::LOG, c.Binary(Op::ADD, x, root));
}

// log((1 + x) / (1 - x)) / 2.
Status Atanh(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex ratio =
      c.Binary(Op::DIV, c.Binary(Op::ADD, x, 1.0), c.Binary(Op::SUB, c.Scalar(1), x));
  return c.Finish(Op::MUL, c.Unary(Op::LOG, ratio), c.Scalar(0.5));
}

Status IsNaN(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  return c.Finish(Op::NOT_EQUAL, x, x);
}

Status IsInf(NodeLowering& node) {
  Composer c(node);
  const TensorIndex x = c.In(0);
  const bool negative = node.node().IntOr("detect_negative", 1) != 0;
  const bool positive = node.node().IntOr("detect_positive", 1) != 0;
  if (negative && positive) return c.Finish(Op::EQUAL, c.Unary(Op::ABS, x), c.Scalar(INFINITY));
  if (!negative && !positive) return node.Unsupported("neither infinity is looked for");
  return c.Finish(Op::EQUAL, x, c.Scalar(positive ? INFINITY : -INFINITY));
}

constexpr Rule kRules[] = {
    {.op_type = "Acos", .lower = Acos},
    {.op_type = "Acosh", .lower = Acosh},
    {.op_type = "Asin", .lower = Asin},
    {.op_type = "Asinh", .lower = Asinh},
    {.op_type = "Atan", .lower = Atan},
    {.op_type = "Atanh", .lower = Atanh},
    {.op_type = "Celu", .lower = Celu},
    {.op_type = "Cosh", .lower = Hyperbolic<Op::ADD>},
    {.op_type = "Elu", .lower = Elu},
    {.op_type = "Erf", .lower = Erf},
    {.op_type = "HardSigmoid", .lower = HardSigmoid},
    {.op_type = "IsInf", .lower = IsInf},
    {.op_type = "IsNaN", .lower = IsNaN},
    {.op_type = "Mish", .lower = Mish},
    {.op_type = "PRelu", .lower = PRelu},
    {.op_type = "Selu", .lower = Selu},
    {.op_type = "Shrink", .lower = Shrink},
    {.op_type = "Sinh", .lower = Hyperbolic<Op::SUB>},
    {.op_type = "Softplus", .lower = Softplus},
    {.op_type = "Softsign", .lower = Softsign},
    {.op_type = "Swish", .lower = Swish},
    {.op_type = "Tan", .lower = Tan},
    {.op_type = "ThresholdedRelu", .lower = ThresholdedRelu},
};

}  // namespace

Family activation() { return {"activation", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
