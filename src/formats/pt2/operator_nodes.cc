// Values and nodes that a rule makes.
#include <algorithm>

#include "formats/pt2/graph_lowering.h"
#include "ir/number.h"
#include "ir/permute.h"

namespace edgeopt::formats::pt2 {
namespace {

using ir::Tensor;

// Longer texts are cut: two of them may stand for different sizes.
constexpr size_t kLongestSymbol = 199;

}  // namespace

std::string OperatorLowering::Name(std::string_view what) const {
  const std::string result =
      operation_.outputs.empty() ? std::string("program") : operation_.outputs.front().name;
  return result + "/" + std::string(what);
}

// --- values ---

ValueId OperatorLowering::Constant(const Tensor& tensor, std::string_view what) {
  return graph_.graph().AddInitializer(Name(what), tensor);
}
ValueId OperatorLowering::IntVector(const std::vector<int64_t>& values, std::string_view what) {
  return Constant(Tensor::Of({static_cast<int64_t>(values.size())}, values), what);
}
ValueId OperatorLowering::Scalar64(int64_t value) {
  return Constant(Tensor::Scalar(value), "constant");
}

ValueId OperatorLowering::Scalar(double value, DataType type) {
  if (const auto number = ir::NumberOf(value, type)) return Constant(*number, "constant");
  // float16 and bfloat16: the runtime rounds.
  return Cast(Constant(Tensor::Scalar(static_cast<float>(value)), "constant"), type);
}

std::optional<Tensor> OperatorLowering::ConstantOf(ValueId value) const {
  return graph_.graph().ConstantOf(value);
}

Size OperatorLowering::SizeOfAxis(const Operand& operand, int64_t axis) {
  const ir::Dim& dim = operand.shape[static_cast<size_t>(axis)];
  if (dim.value) return *dim.value;
  auto& sizes = graph_.shared().sizes;
  const bool cached = !dim.symbol.empty() && dim.symbol.size() <= kLongestSymbol;
  if (const auto known = sizes.find(dim.symbol); cached && known != sizes.end())
    return known->second;
  const ValueId vector =
      Node("Shape", {operand.value}, {{"start", int64_t{axis}}, {"end", int64_t{axis + 1}}});
  const ValueId size = Squeeze(vector, {0});
  if (cached) sizes.emplace(dim.symbol, size);
  return size;
}

Sizes OperatorLowering::SizesOfShape(const Operand& operand) {
  Sizes sizes;
  for (int64_t axis = 0; axis < operand.rank(); ++axis) sizes.push_back(SizeOfAxis(operand, axis));
  return sizes;
}

ValueId OperatorLowering::Value(const Size& size) {
  if (const auto* known = std::get_if<int64_t>(&size)) return Scalar64(*known);
  return std::get<ValueId>(size);
}

ValueId OperatorLowering::Vector(const Sizes& sizes, std::string_view what) {
  if (const auto known = KnownInts(sizes)) return IntVector(*known, what);
  std::vector<ValueId> parts;
  for (const Size& size : sizes) {
    const auto* known = std::get_if<int64_t>(&size);
    parts.push_back(known != nullptr ? IntVector({*known}, what)
                                     : Unsqueeze(std::get<ValueId>(size), {0}));
  }
  return parts.size() == 1 ? parts.front() : Node("Concat", parts, {{"axis", int64_t{0}}});
}

// --- nodes ---

std::vector<ValueId> OperatorLowering::Nodes(std::string op_type, size_t outputs,
                                             std::vector<ValueId> inputs,
                                             std::vector<ir::Attribute> attributes) {
  while (!inputs.empty() && !inputs.back().valid()) inputs.pop_back();
  const std::string name = Name(op_type);
  std::vector<ValueId> made;
  for (size_t i = 0; i < outputs; ++i) made.push_back(graph_.graph().AddValue(name));
  const std::string node_name = graph_.NodeName(operation_, op_type);
  graph_.graph().AddNode(std::move(op_type), std::move(inputs), made, std::move(attributes),
                         node_name);
  return made;
}

ValueId OperatorLowering::Node(std::string op_type, std::vector<ValueId> inputs,
                               std::vector<ir::Attribute> attributes) {
  return Nodes(std::move(op_type), 1, std::move(inputs), std::move(attributes)).front();
}

ValueId OperatorLowering::Transpose(ValueId x, std::vector<int64_t> permutation) {
  return Node("Transpose", {x}, {{"perm", std::move(permutation)}});
}

ValueId OperatorLowering::Permuted(ValueId x, const std::vector<int64_t>& permutation) {
  const auto constant = ConstantOf(x);
  if (!constant || constant->rank() != static_cast<int64_t>(permutation.size()))
    return Transpose(x, permutation);
  return graph_.graph().AddInitializer(graph_.graph().value(x).name + "/transposed",
                                       ir::Permuted(*constant, permutation));
}

ValueId OperatorLowering::Reshape(ValueId x, const std::vector<int64_t>& shape) {
  std::vector<ir::Attribute> attributes;
  if (std::ranges::count(shape, 0) != 0) attributes.push_back({"allowzero", int64_t{1}});
  return Node("Reshape", {x, IntVector(shape, "shape")}, std::move(attributes));
}

ValueId OperatorLowering::Reshape(ValueId x, const Sizes& shape) {
  if (const auto known = KnownInts(shape)) return Reshape(x, *known);
  std::vector<int64_t> ints;
  for (const Size& size : shape) {
    const auto* known = std::get_if<int64_t>(&size);
    ints.push_back(known == nullptr ? -1 : *known);
  }
  if (std::ranges::count(ints, -1) == 1 && std::ranges::count(ints, 0) == 0)
    return Reshape(x, ints);
  return Node("Reshape", {x, Vector(shape, "shape")});
}

ValueId OperatorLowering::Cast(ValueId x, DataType type) {
  return Node("Cast", {x}, {{"to", static_cast<int64_t>(type)}});
}
ValueId OperatorLowering::As(const Operand& operand, DataType type) {
  return operand.type == type ? operand.value : Cast(operand.value, type);
}

ValueId OperatorLowering::Clip(ValueId x, double low, double high, DataType type) {
  return Node("Clip", {x, Scalar(low, type), Scalar(high, type)});
}

ValueId OperatorLowering::Unsqueeze(ValueId x, const std::vector<int64_t>& axes) {
  return Node("Unsqueeze", {x, IntVector(axes, "axes")});
}
ValueId OperatorLowering::Squeeze(ValueId x, const std::vector<int64_t>& axes) {
  return Node("Squeeze", {x, IntVector(axes, "axes")});
}

// Opset 17: of ReduceSum alone the axes are an input.
ValueId OperatorLowering::Reduce(std::string op_type, ValueId x, const std::vector<int64_t>& axes,
                                 bool keep_dims) {
  if (axes.empty()) return x;
  const ir::Attribute keep{"keepdims", int64_t{keep_dims}};
  if (op_type == "ReduceSum") return Node(std::move(op_type), {x, IntVector(axes, "axes")}, {keep});
  return Node(std::move(op_type), {x}, {keep, {"axes", axes}});
}

}  // namespace edgeopt::formats::pt2
