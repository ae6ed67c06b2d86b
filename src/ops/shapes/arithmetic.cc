// The operators of shape computations that compute elements.
#include <algorithm>
#include <limits>

#include "ops/shapes/evaluators.h"

namespace edgeopt::ops {
namespace {

using ir::DataType;
using ir::Dims;
using ir::Node;

using Binary = std::optional<int64_t> (*)(int64_t, int64_t);

template <Binary kCombine>
Evaluated Elementwise(const Node&, const Arrays& in) {
  if (in.size() != 2 || !in[0] || !in[1]) return std::nullopt;
  const auto dims = BroadcastDims(in[0]->dims, in[1]->dims);
  if (!dims) return std::nullopt;
  const Evaluated a = BroadcastTo(*in[0], *dims), b = BroadcastTo(*in[1], *dims);
  if (!a || !b) return std::nullopt;
  Array out{a->type, *dims, {}};
  for (size_t i = 0; i < a->data.size(); ++i) {
    const auto value = kCombine(a->data[i], b->data[i]);
    if (!value) return std::nullopt;
    out.data.push_back(*value);
  }
  return out;
}

template <Binary kCompare>
Evaluated Comparison(const Node& node, const Arrays& in) {
  Evaluated out = Elementwise<kCompare>(node, in);
  if (out) out->type = DataType::kBool;
  return out;
}

std::optional<int64_t> Quotient(int64_t a, int64_t b) {
  if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min())) return std::nullopt;
  return a / b;
}
// ONNX operator Mod with fmod = 0: the sign of the divisor.
std::optional<int64_t> Modulo(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return b == 0 ? std::nullopt : std::optional<int64_t>(0);
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Evaluated ModuloOf(const Node& node, const Arrays& in) {
  return node.IntOr("fmod", 0) == 0 ? Elementwise<Modulo>(node, in) : std::nullopt;
}

template <bool (*kOverflows)(int64_t, int64_t, int64_t*)>
std::optional<int64_t> Checked(int64_t a, int64_t b) {
  int64_t out = 0;
  return kOverflows(a, b, &out) ? std::nullopt : std::optional<int64_t>(out);
}
bool AddOverflows(int64_t a, int64_t b, int64_t* out) { return __builtin_add_overflow(a, b, out); }
bool SubOverflows(int64_t a, int64_t b, int64_t* out) { return __builtin_sub_overflow(a, b, out); }
bool MulOverflows(int64_t a, int64_t b, int64_t* out) { return __builtin_mul_overflow(a, b, out); }

std::optional<int64_t> Larger(int64_t a, int64_t b) { return std::max(a, b); }
std::optional<int64_t> Smaller(int64_t a, int64_t b) { return std::min(a, b); }
std::optional<int64_t> Equal(int64_t a, int64_t b) { return a == b; }
std::optional<int64_t> Less(int64_t a, int64_t b) { return a < b; }
std::optional<int64_t> Greater(int64_t a, int64_t b) { return a > b; }

Evaluated CastTo(const Node& node, const Arrays& in) {
  const auto type = static_cast<DataType>(node.IntOr("to", 0));
  if (!in[0] || !IsShapeType(type)) return std::nullopt;
  Array out = *in[0];
  out.type = type;
  for (int64_t& value : out.data) {
    if (type == DataType::kBool) value = value != 0;
    if (type == DataType::kInt32) value = static_cast<int32_t>(value);
  }
  return out;
}

Evaluated Filled(const Node& node, const Arrays& in) {
  if (!in[0] || Elements(in[0]->data) > kMostShapeElements) return std::nullopt;
  if (std::any_of(in[0]->data.begin(), in[0]->data.end(), [](int64_t d) { return d < 0; }))
    return std::nullopt;
  const ir::Attribute* value = node.FindAttribute("value");
  const auto* tensor = value ? value->get<ir::Tensor>() : nullptr;
  const Evaluated element = tensor ? FromTensor(*tensor) : std::nullopt;
  if (!element || element->data.size() != 1) return std::nullopt;  // default: float zeros
  return Array{element->type, in[0]->data,
               std::vector<int64_t>(static_cast<size_t>(Elements(in[0]->data)), element->data[0])};
}

Evaluated Ranged(const Node&, const Arrays& in) {
  if (in.size() < 3 || !in[0] || !in[1] || !in[2]) return std::nullopt;
  if (in[0]->data.size() != 1 || in[1]->data.size() != 1 || in[2]->data.size() != 1)
    return std::nullopt;
  const int64_t limit = in[1]->data[0], delta = in[2]->data[0];
  if (delta == 0) return std::nullopt;
  Array out{in[0]->type, {0}, {}};
  for (int64_t at = in[0]->data[0]; delta > 0 ? at < limit : at > limit;) {
    if (out.data.size() == kMostShapeElements) return std::nullopt;
    out.data.push_back(at);
    if (__builtin_add_overflow(at, delta, &at)) break;
  }
  out.dims[0] = static_cast<int64_t>(out.data.size());
  return out;
}

// All elements into one.
Evaluated Product(const Node& node, const Arrays& in) {
  if (!in[0] || in[0]->dims.size() > 1 || node.IntOr("noop_with_empty_axes", 0) != 0)
    return std::nullopt;
  int64_t product = 1;
  for (const int64_t value : in[0]->data) product = SaturatingMultiply(product, value);
  const bool keep = node.IntOr("keepdims", 1) != 0;
  return Array{in[0]->type, Dims(keep ? in[0]->dims.size() : 0, 1), {product}};
}

}  // namespace

std::span<const Evaluator> ArithmeticEvaluators() {
  static constexpr Evaluator kRows[] = {
      {"Add", Elementwise<Checked<AddOverflows>>},
      {"Cast", CastTo},
      {"ConstantOfShape", Filled},
      {"Div", Elementwise<Quotient>},
      {"Equal", Comparison<Equal>},
      {"Greater", Comparison<Greater>},
      {"Less", Comparison<Less>},
      {"Max", Elementwise<Larger>},
      {"Min", Elementwise<Smaller>},
      {"Mod", ModuloOf},
      {"Mul", Elementwise<Checked<MulOverflows>>},
      {"Range", Ranged},
      {"ReduceProd", Product},
      {"Sub", Elementwise<Checked<SubOverflows>>},
  };
  return kRows;
}

}  // namespace edgeopt::ops
