#include <numeric>

#include "formats/tflite/raise/graph_raising.h"
#include "ir/number.h"

namespace edgeopt::formats::tflite::raise {
namespace {

using ir::DataType;
using ir::Tensor;

Tensor IntegersOf(const std::vector<int64_t>& values) {
  return Tensor::Of({static_cast<int64_t>(values.size())}, values);
}

// One factor for all, or one each.
std::vector<float> Products(const std::vector<float>& factors, float factor) {
  std::vector<float> products;
  for (const float it : factors) products.push_back(it * factor);
  return products;
}

// Elements of a vector, times one scale for all, or one each.
Tensor Scaled(const std::vector<int64_t>& integers, const std::vector<float>& scales) {
  std::vector<float> values;
  for (size_t i = 0; i < integers.size(); ++i)
    values.push_back(
        static_cast<float>(static_cast<double>(integers[i]) * scales[scales.size() == 1 ? 0 : i]));
  return Tensor::Of({static_cast<int64_t>(values.size())}, values);
}

}  // namespace

const Rule* FindRule(Op op) {
  static const auto kRules = [] {
    std::map<Op, const Rule*> rules;
    for (const Family& family : Table())
      for (const Rule& rule : family.rules) rules.emplace(rule.op, &rule);
    return rules;
  }();
  const auto found = kRules.find(op);
  return found == kRules.end() ? nullptr : found->second;
}

Error OperatorRaising::Unsupported(std::string reason) const {
  return edgeopt::Unsupported("this form of the operator is not there: " + std::move(reason));
}

Error OperatorRaising::WrongOptions() const {
  return BadInput(std::string("it has the options of another operator, ") +
                  schema::EnumNameBuiltinOptions(op_.builtin_options.type));
}

std::string OperatorRaising::Name(std::string_view what) const {
  return graph_.NameOf(op_.outputs.front()) + "/" + std::string(what);
}

// --- facts ---

std::string OperatorRaising::onnx() const { return std::string(rule_.onnx); }

const schema::TensorT& OperatorRaising::in(size_t slot) const {
  return graph_.tensor(op_.inputs[slot]);
}
const schema::TensorT& OperatorRaising::out(size_t index) const {
  return graph_.tensor(op_.outputs[index]);
}

DataType OperatorRaising::InType(size_t slot) const {
  return IsQuantized(in(slot)) ? DataType::kFloat32 : DataTypeOf(in(slot).type);
}
DataType OperatorRaising::OutType(size_t index) const {
  return IsQuantized(out(index)) ? DataType::kFloat32 : DataTypeOf(out(index).type);
}

std::optional<Tensor> OperatorRaising::ConstantIn(size_t slot) const {
  return has_input(slot) ? graph_.ConstantOf(op_.inputs[slot]) : std::nullopt;
}

Result<std::vector<int64_t>> OperatorRaising::IntsIn(size_t slot) const {
  const auto constant = ConstantIn(slot);
  if (!constant)
    return Unsupported("input " + std::to_string(slot) +
                       " is computed at run time; it has to be a constant here");
  EDGEOPT_TRY(auto integers, constant->ToInts());
  for (const int64_t integer : integers)
    if (integer != static_cast<int32_t>(integer))
      return Unsupported("input " + std::to_string(slot) + " has a number beyond 32 bits");
  return integers;
}

Result<int64_t> OperatorRaising::IntIn(size_t slot) const {
  EDGEOPT_TRY(const auto integers, IntsIn(slot));
  if (integers.size() != 1)
    return BadInput("its input " + std::to_string(slot) + " has " +
                    std::to_string(integers.size()) + " elements; expected 1");
  return integers.front();
}

Result<int64_t> OperatorRaising::Axis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return BadInput("its axis " + std::to_string(axis) + " leaves the rank, " +
                    std::to_string(rank));
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> OperatorRaising::AxesIn(size_t slot) const {
  EDGEOPT_TRY(auto axes, IntsIn(slot));
  for (int64_t& axis : axes) {
    EDGEOPT_TRY(axis, Axis(axis, InRank(0)));
  }
  return axes;
}

Status OperatorRaising::CheckRank(size_t slot, int64_t least, int64_t most) const {
  const int64_t rank = InRank(slot);
  if (rank >= least && rank <= most) return OkStatus();
  return BadInput("its input " + std::to_string(slot) + " has rank " + std::to_string(rank) +
                  "; expected " + std::to_string(least) +
                  (most == least ? "" : " to " + std::to_string(most)));
}

// --- values ---

ValueId OperatorRaising::In(size_t slot) { return graph_.RealOf(op_.inputs[slot]); }
ValueId OperatorRaising::StoredIn(size_t slot) { return graph_.StoredOf(op_.inputs[slot]); }

ValueId OperatorRaising::In64(size_t slot) {
  if (const auto constant = ConstantIn(slot)) {
    const auto integers = constant->ToInts();
    if (integers.ok())
      return graph_.graph().AddInitializer(
          Name("integers"), Tensor::Of(constant->dims(), std::vector<int64_t>(*integers)));
  }
  const ValueId stored = StoredIn(slot);
  return DataTypeOf(in(slot).type) == DataType::kInt64 ? stored : Cast(stored, DataType::kInt64);
}

ValueId OperatorRaising::Permuted(size_t slot, const std::vector<int64_t>& permutation) {
  return graph_.PermutedOf(op_.inputs[slot], permutation);
}

Result<ValueId> OperatorRaising::Bias(size_t slot, size_t input, size_t weights) {
  if (!has_input(slot)) return ir::kNoValue;
  const schema::TensorT& bias = in(slot);
  if (DataTypeOf(bias.type) != DataType::kInt32 && DataTypeOf(bias.type) != DataType::kInt64)
    return In(slot);
  std::vector<float> scales;
  if (bias.quantization && !bias.quantization->scale.empty()) {
    scales = bias.quantization->scale;
  } else if (IsQuantized(in(input)) && IsQuantized(in(weights))) {
    scales = Products(ScalesOf(in(weights)), ScalesOf(in(input)).front());
  } else {
    return Unsupported("an integer bias without a scale");
  }
  const auto constant = ConstantIn(slot);
  if (scales.size() > 1 && bias.shape != std::vector{static_cast<int32_t>(scales.size())})
    return BadInput("its bias has " + std::to_string(scales.size()) + " scales and shape " +
                    ir::ToString(InShape(slot)));
  if (DataTypeOf(bias.type) == DataType::kInt32)
    return graph_.Dequantize(StoredIn(slot), scales, 0, Name("bias"));
  // DequantizeLinear has no int64.
  if (!constant || constant->rank() != 1)
    return Unsupported("a bias of 64-bit integers that is no constant vector");
  EDGEOPT_TRY(const auto integers, constant->ToInts());
  return Constant(Scaled(integers, scales), "bias");
}

ValueId OperatorRaising::Constant(const Tensor& tensor, std::string_view what) {
  return graph_.graph().AddInitializer(Name(what), tensor);
}
ValueId OperatorRaising::Ints(const std::vector<int64_t>& values, std::string_view what) {
  return Constant(IntegersOf(values), what);
}
ValueId OperatorRaising::Scalar(double value, DataType type) {
  const auto number = ir::NumberOf(value, type);
  return Constant(number ? *number : Tensor::Scalar(static_cast<float>(value)), "constant");
}

// --- nodes ---

std::vector<ValueId> OperatorRaising::Nodes(std::string op_type, size_t outputs,
                                            std::vector<ValueId> inputs,
                                            std::vector<ir::Attribute> attributes) {
  while (!inputs.empty() && !inputs.back().valid()) inputs.pop_back();
  const std::string name = Name(op_type);
  std::vector<ValueId> made;
  for (size_t i = 0; i < outputs; ++i) made.push_back(graph_.graph().AddValue(name));
  graph_.graph().AddNode(std::move(op_type), std::move(inputs), made, std::move(attributes),
                         graph_.graph().value(made.front()).name);
  return made;
}

ValueId OperatorRaising::Node(std::string op_type, std::vector<ValueId> inputs,
                              std::vector<ir::Attribute> attributes) {
  return Nodes(std::move(op_type), 1, std::move(inputs), std::move(attributes)).front();
}

ValueId OperatorRaising::Transpose(ValueId x, std::vector<int64_t> permutation) {
  return Node("Transpose", {x}, {{"perm", std::move(permutation)}});
}

ValueId OperatorRaising::ChannelsFirst(ValueId x, int64_t rank) {
  std::vector<int64_t> permutation(static_cast<size_t>(rank));
  std::iota(permutation.begin() + 1, permutation.end(), 0);
  permutation[0] = 0;
  permutation[1] = rank - 1;
  return Transpose(x, std::move(permutation));
}

ValueId OperatorRaising::ChannelsLast(ValueId x, int64_t rank) {
  std::vector<int64_t> permutation(static_cast<size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 1);
  permutation.front() = 0;
  permutation.back() = 1;
  return Transpose(x, std::move(permutation));
}

// Of TFLite, 0 is a size.
ValueId OperatorRaising::Reshape(ValueId x, const std::vector<int64_t>& shape) {
  std::vector<ir::Attribute> attributes;
  if (std::ranges::count(shape, 0) != 0) attributes.push_back({"allowzero", int64_t{1}});
  return Node("Reshape", {x, Ints(shape, "shape")}, std::move(attributes));
}

ValueId OperatorRaising::Cast(ValueId x, DataType type) {
  return Node("Cast", {x}, {{"to", static_cast<int64_t>(type)}});
}

ValueId OperatorRaising::Clip(ValueId x, double low, double high, DataType type) {
  return Node("Clip", {x, Scalar(low, type), Scalar(high, type)});
}

// No axes at all is nothing to reduce, for ONNX everything.
ValueId OperatorRaising::Reduce(std::string op_type, ValueId x, const std::vector<int64_t>& axes,
                                bool keep_dims) {
  return Node(std::move(op_type), {x, Ints(axes, "axes")},
              {{"keepdims", int64_t{keep_dims}}, {"noop_with_empty_axes", int64_t{axes.empty()}}});
}

// --- subgraphs ---

std::vector<ValueId> OperatorRaising::StoredFrom(size_t first) {
  std::vector<ValueId> values;
  for (size_t slot = first; slot < op_.inputs.size(); ++slot) values.push_back(StoredIn(slot));
  return values;
}

Result<std::vector<ValueId>> OperatorRaising::Called(int64_t subgraph, ir::Graph& graph,
                                                     const std::vector<ValueId>& inputs) const {
  return graph_.RaiseSubgraph(subgraph, graph, inputs);
}

ir::Graph& OperatorRaising::graph() { return graph_.graph(); }

Status OperatorRaising::OutStored(const std::vector<ValueId>& values) {
  for (size_t i = 0; i < values.size(); ++i) graph_.BindStored(op_.outputs[i], values[i]);
  return OkStatus();
}

// --- results ---

Status OperatorRaising::Out(ValueId value, size_t index) {
  graph_.Bind(op_.outputs[index], value);
  return OkStatus();
}

Status OperatorRaising::Out(ValueId value, schema::ActivationFunctionType activation) {
  using Activation = schema::ActivationFunctionType;
  switch (activation) {
    case Activation::NONE:
      return Out(value);
    case Activation::RELU:
      return Out(Node("Relu", {value}));
    case Activation::RELU_N1_TO_1:
      return Out(Clip(value, -1, 1, OutType()));
    case Activation::RELU6:
      return Out(Clip(value, 0, 6, OutType()));
    default:
      // LiteRT's kernels leave TANH and SIGN_BIT out in silence: which is meant, nobody knows.
      return Unsupported(std::string("activation ") +
                         schema::EnumNameActivationFunctionType(activation));
  }
}

Status OperatorRaising::OutCast(ValueId value, size_t index) {
  return Out(Cast(value, OutType(index)), index);
}

Status OperatorRaising::OutConstant(const Tensor& tensor) {
  graph_.BindConstant(op_.outputs.front(), tensor);
  return OkStatus();
}

Status OperatorRaising::OutSame(size_t slot) {
  graph_.BindSame(op_.outputs.front(), op_.inputs[slot]);
  return OkStatus();
}

}  // namespace edgeopt::formats::tflite::raise
