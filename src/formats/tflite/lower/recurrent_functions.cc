#include "formats/tflite/lower/recurrent_functions.h"

#include <algorithm>
#include <optional>

namespace edgeopt::formats::tflite::lower {
namespace {

struct Named {
  std::string_view name;
  TensorIndex (*apply)(Composer&, TensorIndex x, float alpha, float beta);
  std::optional<float> alpha, beta;  // what they are by default; nullopt: the function has none
};

template <Op kOp>
TensorIndex Plain(Composer& c, TensorIndex x, float, float) {
  return c.Unary(kOp, x);
}

TensorIndex Affine(Composer& c, TensorIndex x, float alpha, float beta) {
  return c.Binary(Op::ADD, c.Binary(Op::MUL, x, alpha), beta);
}

// max(x, 0) + alpha (exp(min(x, 0)) - 1).
TensorIndex Elu(Composer& c, TensorIndex x, float alpha, float) {
  const TensorIndex below = c.Unary(Op::EXP, c.Binary(Op::MINIMUM, x, 0.0));
  return c.Binary(Op::ADD, c.Unary(Op::RELU, x),
                  c.Binary(Op::MUL, c.Binary(Op::SUB, below, 1.0), alpha));
}

TensorIndex HardSigmoid(Composer& c, TensorIndex x, float alpha, float beta) {
  return c.Unary(Op::RELU_0_TO_1, Affine(c, x, alpha, beta));
}

TensorIndex LeakyRelu(Composer& c, TensorIndex x, float alpha, float) {
  return c.Binary(Op::ADD, c.Unary(Op::RELU, x),
                  c.Binary(Op::MUL, c.Binary(Op::MINIMUM, x, 0.0), alpha));
}

TensorIndex ScaledTanh(Composer& c, TensorIndex x, float alpha, float beta) {
  return c.Binary(Op::MUL, c.Unary(Op::TANH, c.Binary(Op::MUL, x, beta)), alpha);
}

TensorIndex Softplus(Composer& c, TensorIndex x, float, float) { return c.Softplus(x); }

TensorIndex Softsign(Composer& c, TensorIndex x, float, float) {
  return c.Binary(Op::DIV, x, c.Binary(Op::ADD, c.Unary(Op::ABS, x), 1.0));
}

// All that ONNX names but ThresholdedRelu, of which ONNX Runtime computes something else.
constexpr Named kFunctions[] = {
    {"Affine", Affine, 1.0f, 0.0f},           {"Elu", Elu, 1.0f, {}},
    {"HardSigmoid", HardSigmoid, 0.2f, 0.5f}, {"LeakyRelu", LeakyRelu, 0.01f, {}},
    {"Relu", Plain<Op::RELU>, {}, {}},        {"ScaledTanh", ScaledTanh, 1.0f, 1.0f},
    {"Sigmoid", Plain<Op::LOGISTIC>, {}, {}}, {"Softplus", Softplus, {}, {}},
    {"Softsign", Softsign, {}, {}},           {"Tanh", Plain<Op::TANH>, {}, {}},
};

// An attribute's values, handed out one after the other to the functions that have one.
class Parameters {
 public:
  Parameters(const NodeLowering& node, std::string_view attribute) {
    const ir::Attribute* given = node.node().FindAttribute(attribute);
    if (given != nullptr && given->get<std::vector<float>>() != nullptr)
      values_ = *given->get<std::vector<float>>();
  }
  float Next(const std::optional<float>& fallback) {
    if (!fallback) return 0;
    return next_ < values_.size() ? values_[next_++] : *fallback;
  }

 private:
  std::vector<float> values_;
  size_t next_ = 0;
};

std::vector<std::string> NamesOf(const NodeLowering& node, const std::vector<std::string>& defaults,
                                 int64_t directions) {
  const ir::Attribute* given = node.node().FindAttribute("activations");
  if (given != nullptr && given->get<std::vector<std::string>>() != nullptr)
    return *given->get<std::vector<std::string>>();
  std::vector<std::string> names;
  for (int64_t d = 0; d < directions; ++d)
    names.insert(names.end(), defaults.begin(), defaults.end());
  return names;
}

}  // namespace

Result<std::vector<RecurrentFunction>> RecurrentFunctionsOf(
    const NodeLowering& node, const std::vector<std::string>& defaults, int64_t directions) {
  const std::vector<std::string> names = NamesOf(node, defaults, directions);
  const size_t expected = defaults.size() * static_cast<size_t>(directions);
  if (names.size() != expected)
    return BadInput("it has " + std::to_string(names.size()) + " activations; expected " +
                    std::to_string(expected));
  Parameters alphas(node, "activation_alpha"), betas(node, "activation_beta");
  std::vector<RecurrentFunction> functions;
  for (const std::string& name : names) {
    const auto* found = std::ranges::find(kFunctions, name, &Named::name);
    if (found == std::end(kFunctions)) return node.Unsupported("the activation '" + name + "'");
    functions.push_back({found->apply, alphas.Next(found->alpha), betas.Next(found->beta)});
  }
  return functions;
}

}  // namespace edgeopt::formats::tflite::lower
