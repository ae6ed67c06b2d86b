#include "passes/shape_values.h"

#include <algorithm>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::ValueId;

// Longer tensors are data, not shapes.
constexpr int64_t kLongestShape = 64;
// A chain of this many operators is no shape computation; the bound protects the stack.
constexpr int kDeepestChain = 256;

bool IsIntegral(ir::DataType type) {
  return type == ir::DataType::kInt64 || type == ir::DataType::kInt32 ||
         type == ir::DataType::kBool;
}

// Truncating division, as ONNX defines it for integers.
Element Divided(const Element& a, const Element& b) {
  if (b.number == 1) return a;
  if (!a.number || !b.number || *b.number == 0 || *b.number == -1) return {};
  return Element::Of(*a.number / *b.number);
}

Element Compared(const std::string& op, const Element& a, const Element& b) {
  if (a.number && b.number) {
    const int64_t x = *a.number, y = *b.number;
    return Element::Of(op == "Equal"         ? x == y
                       : op == "Less"        ? x < y
                       : op == "Greater"     ? x > y
                       : op == "LessOrEqual" ? x <= y
                                             : x >= y);
  }
  if (op == "Equal" && a.Equals(b)) return Element::Of(1);
  // The size of a dimension is never negative.
  const auto negative = [](const Element& e) { return e.number && *e.number < 0; };
  if (op == "Equal" && (negative(a) || negative(b)) && !a.unknown() && !b.unknown())
    return Element::Of(0);
  return {};
}

// Of two numbers; nullopt on overflow.
std::optional<int64_t> Computed(const std::string& op, int64_t a, int64_t b) {
  int64_t result = 0;
  const bool overflow = op == "Add"   ? __builtin_add_overflow(a, b, &result)
                        : op == "Sub" ? __builtin_sub_overflow(a, b, &result)
                                      : __builtin_mul_overflow(a, b, &result);
  return overflow ? std::nullopt : std::optional(result);
}

Element Combined(const std::string& op, const Element& a, const Element& b) {
  if (op == "Div") return Divided(a, b);
  if (op == "Add" || op == "Sub" || op == "Mul") {
    const int64_t neutral = op == "Mul" ? 1 : 0;
    if (b.number == neutral) return a;
    if (a.number == neutral && op != "Sub") return b;
    const auto result = a.number && b.number ? Computed(op, *a.number, *b.number) : std::nullopt;
    return {result, {}};
  }
  if (op == "Min" || op == "Max") {
    if (a.Equals(b)) return a;
    if (!a.number || !b.number) return {};
    return Element::Of(op == "Min" ? std::min(*a.number, *b.number)
                                   : std::max(*a.number, *b.number));
  }
  return Compared(op, a, b);
}

bool IsArithmetic(const std::string& op) {
  for (const char* known : {"Add", "Sub", "Mul", "Div", "Min", "Max", "Equal", "Less", "Greater",
                            "LessOrEqual", "GreaterOrEqual"})
    if (op == known) return true;
  return false;
}

// Element i of a tensor broadcast to `length`.
const Element& At(const Elements& elements, size_t i) {
  return elements.size() == 1 ? elements[0] : elements[i];
}

// The length of two broadcast vectors; nullopt when they don't fit.
std::optional<size_t> BroadcastLength(size_t a, size_t b) {
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  return std::nullopt;
}

}  // namespace

Element ElementOf(const ir::Dim& dim) { return {dim.value, dim.value ? "" : dim.symbol}; }

const std::optional<Elements>& ShapeValues::Of(ValueId id) {
  const auto found = known_.find(id.index);
  if (found != known_.end()) return found->second;
  std::optional<Elements> result;
  if (depth_ < kDeepestChain) {
    ++depth_;
    result = Evaluate(id);
    --depth_;
  }
  if (result && result->size() > kLongestShape) result.reset();
  return known_[id.index] = std::move(result);
}

std::optional<Elements> ShapeValues::DimsOf(ValueId id) const {
  const ir::Type& type = rewriter_.TypeOf(id);
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  Elements dims;
  for (const ir::Dim& dim : *type.shape) {
    dims.push_back(passes::ElementOf(dim));
    if (dims.back().unknown())
      dims.back().symbol =
          "'" + rewriter_.graph().value(id).name + "'." + std::to_string(dims.size() - 1);
  }
  return dims;
}

std::optional<Elements> ShapeValues::Evaluate(ValueId id) {
  if (!id.valid()) return std::nullopt;
  if (const auto constant = rewriter_.ConstantOf(id)) {
    if (constant->rank() > 1 || constant->size() > kLongestShape) return std::nullopt;
    const auto values = constant->ToInts();
    if (!values.ok()) return std::nullopt;
    Elements elements;
    for (const int64_t value : *values) elements.push_back(Element::Of(value));
    return elements;
  }
  const ir::NodeId producer = rewriter_.graph().producer(id);
  if (!producer.valid() || !rewriter_.graph().node(producer).domain.empty()) return std::nullopt;
  return EvaluateNode(rewriter_.graph().node(producer), id);
}

std::optional<Elements> ShapeValues::EvaluateNode(const Node& node, ValueId output) {
  const std::string& op = node.op_type;
  if (op == "Shape") return Shape(node);
  if (op == "Size") return Size(node);
  const int64_t rank = RankOf(output);
  if (!IsIntegral(rewriter_.ElementOf(output)) || rank < 0 || rank > 1) return std::nullopt;
  if (op == "Gather") return Gather(node);
  if (op == "Slice") return Slice(node);
  if (op == "Concat") return Concat(node);
  if (op == "Where") return Where(node);
  if (op == "ReduceProd") return Product(node);
  if (op == "ConstantOfShape") return Filled(node);
  if (op == "Identity") return Of(node.input(0));
  // The rank of the output is at most 1, so these keep the elements and their order.
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape" || op == "Flatten")
    return Of(node.input(0));
  if (op == "Cast") return Cast(node);
  if (IsArithmetic(op) && node.inputs.size() == 2) return Arithmetic(node);
  return std::nullopt;
}

std::optional<Elements> ShapeValues::Shape(const Node& node) {
  const auto dims = DimsOf(node.input(0));
  if (!dims) return std::nullopt;
  const auto rank = static_cast<int64_t>(dims->size());
  const auto clamped = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const int64_t start = clamped(node.IntOr("start", 0));
  const int64_t end = std::max(start, clamped(node.IntOr("end", rank)));
  return Elements(dims->begin() + start, dims->begin() + end);
}

std::optional<Elements> ShapeValues::Size(const Node& node) {
  const auto dims = DimsOf(node.input(0));
  if (!dims) return std::nullopt;
  Element product = Element::Of(1);
  for (const Element& dim : *dims) product = Combined("Mul", product, dim);
  return Elements{product};
}

std::optional<Elements> ShapeValues::Gather(const Node& node) {
  const auto data = Of(node.input(0));
  const auto indices = Of(node.input(1));
  if (!data || !indices || RankOf(node.input(0)) != 1 || RankOf(node.input(1)) > 1)
    return std::nullopt;
  const auto length = static_cast<int64_t>(data->size());
  Elements picked;
  for (const Element& index : *indices) {
    const auto at = index.number ? NormalizedAxis(*index.number, length) : std::nullopt;
    if (!at) return std::nullopt;
    picked.push_back((*data)[static_cast<size_t>(*at)]);
  }
  return picked;
}

std::optional<Elements> ShapeValues::Slice(const Node& node) {
  const auto data = Of(node.input(0));
  const Parameter starts = ParameterOf(rewriter_, node, "starts", 1);
  const Parameter ends = ParameterOf(rewriter_, node, "ends", 2);
  const Parameter steps = ParameterOf(rewriter_, node, "steps", 4);
  if (!data || RankOf(node.input(0)) != 1 || starts.values.size() != 1 || ends.values.size() != 1 ||
      !steps.known)
    return std::nullopt;
  const int64_t step = steps.given && !steps.values.empty() ? steps.values[0] : 1;
  if (step != 1) return std::nullopt;
  const auto length = static_cast<int64_t>(data->size());
  const auto clamped = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + length : at, 0, length);
  };
  const int64_t start = clamped(starts.values[0]);
  return Elements(data->begin() + start, data->begin() + std::max(start, clamped(ends.values[0])));
}

std::optional<Elements> ShapeValues::Cast(const Node& node) {
  auto elements = Of(node.input(0));
  const auto to = static_cast<ir::DataType>(node.IntOr("to", 0));
  if (!elements || to == ir::DataType::kInt64 || to == rewriter_.ElementOf(node.input(0)))
    return elements;
  if (to != ir::DataType::kInt32) return std::nullopt;
  for (Element& element : *elements)
    if (!element.number || *element.number != static_cast<int32_t>(*element.number)) element = {};
  return elements;
}

std::optional<Elements> ShapeValues::Concat(const Node& node) {
  Elements joined;
  for (const ValueId input : node.inputs) {
    const auto part = Of(input);
    if (part) {
      joined.insert(joined.end(), part->begin(), part->end());
      continue;
    }
    // The elements aren't known, but their number may be.
    const auto dims = rewriter_.TypeOf(input).static_dims();
    if (!dims || dims->size() != 1 || (*dims)[0] > kLongestShape) return std::nullopt;
    joined.resize(joined.size() + static_cast<size_t>((*dims)[0]));
  }
  return joined;
}

std::optional<Elements> ShapeValues::Arithmetic(const Node& node) {
  const auto a = Of(node.input(0));
  const auto b = Of(node.input(1));
  if (!a || !b) return std::nullopt;
  const auto length = BroadcastLength(a->size(), b->size());
  if (!length) return std::nullopt;
  const bool narrow = rewriter_.ElementOf(node.output(0)) == ir::DataType::kInt32;
  Elements result;
  for (size_t i = 0; i < *length; ++i) {
    Element element = Combined(node.op_type, At(*a, i), At(*b, i));
    if (narrow && element.number && *element.number != static_cast<int32_t>(*element.number))
      element = {};
    result.push_back(std::move(element));
  }
  return result;
}

std::optional<Elements> ShapeValues::Where(const Node& node) {
  const auto condition = Of(node.input(0));
  const auto yes = Of(node.input(1));
  const auto no = Of(node.input(2));
  if (!condition || !yes || !no) return std::nullopt;
  const auto branches = BroadcastLength(yes->size(), no->size());
  const auto length = branches ? BroadcastLength(*branches, condition->size()) : std::nullopt;
  if (!length) return std::nullopt;
  Elements result;
  for (size_t i = 0; i < *length; ++i) {
    const Element& which = At(*condition, i);
    const Element &a = At(*yes, i), &b = At(*no, i);
    result.push_back(which.number ? (*which.number ? a : b) : a.Equals(b) ? a : Element{});
  }
  return result;
}

std::optional<Elements> ShapeValues::Product(const Node& node) {
  const auto data = Of(node.input(0));
  if (!data) return std::nullopt;
  // Of a vector, the product over no axes at all may mean "leave it"; every other form is this.
  if (node.IntOr("noop_with_empty_axes", 0) != 0) return std::nullopt;
  Element product = Element::Of(1);
  for (const Element& element : *data) product = Combined("Mul", product, element);
  return Elements{product};
}

std::optional<Elements> ShapeValues::Filled(const Node& node) {
  const auto shape = Of(node.input(0));
  if (!shape || shape->size() > 1) return std::nullopt;
  const Element length = shape->empty() ? Element::Of(1) : (*shape)[0];
  if (!length.number || *length.number < 0 || *length.number > kLongestShape) return std::nullopt;
  const ir::Attribute* attribute = node.FindAttribute("value");
  const auto* value = attribute ? attribute->get<ir::Tensor>() : nullptr;
  if (!value) return std::nullopt;
  const auto numbers = value->ToInts();
  if (!numbers.ok() || numbers->size() != 1) return std::nullopt;
  return Elements(static_cast<size_t>(*length.number), Element::Of((*numbers)[0]));
}

}  // namespace edgeopt::passes
