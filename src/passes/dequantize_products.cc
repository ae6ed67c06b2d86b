// dequantize-products: products of stored integers as float products.
//
// Before:   y = QLinearMatMul(a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero)
// After:    y = QuantizeLinear(MatMul(DequantizeLinear(a), DequantizeLinear(b)), y_scale, y_zero)
// Before:   y = MatMulInteger(a, b, a_zero, b_zero)
// After:    y = Cast<int32>(MatMul(Cast<float32>(a) - a_zero, Cast<float32>(b) - b_zero)), as a sum
//           over parts of the summed axis
// And likewise QLinearConv, whose bias has the scale a_scale b_scale, and ConvInteger.
// Requires: constant scales and zero points. ConvInteger: sums of at most kExactTerms terms.
// Maths:    real = (q - zero) scale.
// Numerics: QLinear*: the result may round to the neighbouring integer. *Integer: exact, since
//           kExactTerms products of numbers of at most 255 stay below 2^24.
// Source:   ONNX operators QLinearConv, QLinearMatMul, ConvInteger, MatMulInteger.
#include "passes/dequantize_products.h"

#include <algorithm>
#include <string>

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

constexpr int64_t kExactTerms = 256;

class Dequantizer {
 public:
  Dequantizer(Graph& graph, NodeId id)
      : graph_(graph), node_(graph.node(id)), id_(id), output_(node_.output(0)) {}

  Result<bool> Run() {
    const std::string type = node_.op_type;
    if (type == "QLinearConv" || type == "QLinearMatMul") return Quantized(type == "QLinearConv");
    if (type == "MatMulInteger") return IntegerMatMul();
    if (type == "ConvInteger") return IntegerConv();
    return false;
  }

 private:
  bool IsConstant(size_t slot) const {
    return !node_.input(slot).valid() || graph_.ConstantOf(node_.input(slot)).has_value();
  }

  ValueId Add(std::string op_type, std::vector<ValueId> inputs, ir::Type type,
              std::vector<ir::Attribute> attributes = {}) {
    const ValueId result =
        graph_.AddValue(graph_.value(output_).name + "_" + op_type, std::move(type));
    // Names of values are unique, those of nodes have to be.
    const std::string name = graph_.value(result).name;
    graph_.AddNode(std::move(op_type), std::move(inputs), {result}, std::move(attributes), name);
    return result;
  }

  ir::Type FloatLike(ValueId like) const {
    ir::Type type = graph_.value(like).type;
    type.element = DataType::kFloat32;
    return type;
  }

  // The last operator makes the node's output itself.
  void Finish(std::string op_type, std::vector<ValueId> inputs,
              std::vector<ir::Attribute> attributes = {}) {
    const std::string name = node_.name.empty() ? graph_.value(output_).name : node_.name;
    graph_.RemoveNode(id_);
    graph_.AddNode(std::move(op_type), std::move(inputs), {output_}, std::move(attributes), name);
  }

  // --- QLinearConv and QLinearMatMul ---

  ValueId Dequantized(ValueId stored, ValueId scale, ValueId zero, int64_t axis) {
    return Add("DequantizeLinear", {stored, scale, zero}, FloatLike(stored), {{"axis", axis}});
  }

  // The scale of a bias is that of the product.
  Result<ValueId> Bias(ValueId bias) {
    EDGEOPT_TRY(const auto data, graph_.ConstantOf(node_.input(1))->ToFloats());
    EDGEOPT_TRY(auto scales, graph_.ConstantOf(node_.input(4))->ToFloats());
    for (float& scale : scales) scale *= data.front();
    const auto count = static_cast<int64_t>(scales.size());
    const ir::Dims dims = count == 1 ? ir::Dims{} : ir::Dims{count};
    const ValueId scale = graph_.AddInitializer("bias_scale", Tensor::Of(dims, scales));
    const ValueId zero =
        graph_.AddInitializer("bias_zero_point", Tensor::Zeros(DataType::kInt32, dims));
    return Dequantized(bias, scale, zero, 0);
  }

  Result<bool> Quantized(bool conv) {
    for (const size_t slot : {1, 2, 4, 5, 6, 7})
      if (!IsConstant(slot)) return false;
    const std::vector<ValueId> in = node_.inputs;
    const std::vector<ir::Attribute> attributes = node_.attributes;
    const auto last = graph_.value(in[3]).type.rank() - 1;
    std::vector<ValueId> operands = {Dequantized(in[0], in[1], in[2], 0),
                                     Dequantized(in[3], in[4], in[5], conv ? 0 : last)};
    if (const ValueId bias = node_.input(8); bias.valid()) {
      EDGEOPT_TRY(const ValueId added, Bias(bias));
      operands.push_back(added);
    }
    const ValueId product =
        Add(conv ? "Conv" : "MatMul", std::move(operands), FloatLike(output_), attributes);
    Finish("QuantizeLinear", {product, in[6], in[7]});
    return true;
  }

  // --- MatMulInteger and ConvInteger ---

  // q - zero, in float32; zero points in a row get the given shape.
  Result<ValueId> Centered(size_t slot, size_t zero_slot, ir::Dims shape) {
    const ValueId stored = node_.input(slot), zero = node_.input(zero_slot);
    const ValueId floats = Add("Cast", {stored}, FloatLike(stored),
                               {{"to", static_cast<int64_t>(DataType::kFloat32)}});
    if (!zero.valid()) return floats;
    const auto constant = graph_.ConstantOf(zero);
    EDGEOPT_TRY(const auto values, constant->ToFloats());
    if (constant->size() == 1) shape.clear();
    if (constant->rank() > 1) shape = constant->dims();
    EDGEOPT_TRY(const Tensor numbers, Tensor::Of(constant->dims(), values).Reshaped(shape));
    const ValueId subtrahend = graph_.AddInitializer("zero_point", numbers);
    return Add("Sub", {floats, subtrahend}, FloatLike(stored));
  }

  ValueId Part(ValueId whole, int64_t axis, int64_t first) {
    const auto ints = [&](std::string_view name, int64_t value) {
      return graph_.AddInitializer(name, Tensor::Of({1}, std::vector<int64_t>{value}));
    };
    ir::Type type = graph_.value(whole).type;
    const auto size = (*type.shape)[static_cast<size_t>(axis)].value;
    const int64_t end = std::min(first + kExactTerms, *size);
    (*type.shape)[static_cast<size_t>(axis)] = ir::Dim::Of(end - first);
    return Add("Slice", {whole, ints("starts", first), ints("ends", end), ints("axes", axis)},
               type);
  }

  Result<bool> IntegerMatMul() {
    const ir::Type &left_type = graph_.value(node_.input(0)).type,
                   &right_type = graph_.value(node_.input(1)).type;
    const int64_t left_rank = left_type.rank(), right_rank = right_type.rank();
    if (!IsConstant(2) || !IsConstant(3) || left_rank < 2 || right_rank < 2) return false;
    const auto terms = left_type.shape->back().value;
    if (!terms || (*right_type.shape)[static_cast<size_t>(right_rank - 2)].value != terms)
      return false;
    const auto count = [&](size_t slot) {
      return node_.input(slot).valid() ? graph_.ConstantOf(node_.input(slot))->size() : 1;
    };
    EDGEOPT_TRY(const ValueId left, Centered(0, 2, {count(2), 1}));
    EDGEOPT_TRY(const ValueId right, Centered(1, 3, {count(3)}));
    ValueId sum = ir::kNoValue;
    for (int64_t first = 0; first < *terms; first += kExactTerms) {
      const bool whole = *terms <= kExactTerms;
      const ValueId a = whole ? left : Part(left, left_rank - 1, first);
      const ValueId b = whole ? right : Part(right, right_rank - 2, first);
      const ValueId part = Integers(Add("MatMul", {a, b}, FloatLike(output_)));
      sum = sum.valid() ? Add("Add", {sum, part}, graph_.value(output_).type) : part;
    }
    Finish("Identity", {sum});
    return true;
  }

  Result<bool> IntegerConv() {
    const auto weights = graph_.value(node_.input(1)).type.static_dims();
    if (!IsConstant(2) || !IsConstant(3) || !weights) return false;
    const auto count = ir::ElementCount(*weights);
    if (!count.ok() || *count / std::max<int64_t>(weights->front(), 1) > kExactTerms) return false;
    const std::vector<ir::Attribute> attributes = node_.attributes;
    ir::Dims per_channel(weights->size(), 1);
    per_channel[0] = weights->front();
    EDGEOPT_TRY(const ValueId data, Centered(0, 2, {}));
    EDGEOPT_TRY(const ValueId weight, Centered(1, 3, per_channel));
    const ValueId product = Add("Conv", {data, weight}, FloatLike(output_), attributes);
    Finish("Cast", {product}, {{"to", static_cast<int64_t>(DataType::kInt32)}});
    return true;
  }

  ValueId Integers(ValueId floats) {
    return Add("Cast", {floats}, graph_.value(output_).type,
               {{"to", static_cast<int64_t>(DataType::kInt32)}});
  }

  Graph& graph_;
  const Node node_;  // a copy: the graph changes
  NodeId id_;
  ValueId output_;
};

}  // namespace

Result<int64_t> DequantizeProducts(ir::Model& model) {
  int64_t count = 0;
  const auto changed = ir::TransformGraph(model.graph, [&](Graph& graph) -> Result<bool> {
    const int64_t before = count;
    for (const NodeId id : graph.nodes()) {
      if (!graph.node(id).domain.empty()) continue;
      EDGEOPT_TRY(const bool rewritten, Dequantizer(graph, id).Run());
      count += rewritten ? 1 : 0;
    }
    if (count != before) EDGEOPT_CHECK_OK(graph.SortTopologically());
    return count != before;
  });
  if (!changed.ok()) return changed.error();
  return count;
}

}  // namespace edgeopt::passes
