#include "passes/quantize/integer_io.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace edgeopt::passes::quantize {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

constexpr int32_t kUint8Offset = 128;

class IoRewriter {
 public:
  IoRewriter(Graph& graph, DataType type) : graph_(graph), type_(type) {}

  Result<std::map<std::string, IntegerValue>> Run() {
    std::vector<ValueId> inputs = graph_.inputs(), outputs = graph_.outputs();
    for (ValueId& input : inputs) EDGEOPT_CHECK_OK(ChangeInput(input));
    graph_.SetInputs(std::move(inputs));
    for (const ValueId replaced : replaced_) graph_.RemoveValue(replaced);
    for (ValueId& output : outputs) EDGEOPT_CHECK_OK(ChangeOutput(output));
    graph_.SetOutputs(std::move(outputs));
    graph_.RemoveUnused();
    return std::move(changed_);
  }

 private:
  Status ChangeInput(ValueId& input) {
    const NodeId user = graph_.OnlyUser(input);
    if (!user.valid() || !graph_.node(user).Is("QuantizeLinear")) return OkStatus();
    const auto value = ValueOf(graph_.node(user));
    if (!value) return OkStatus();
    const ValueId integers = graph_.node(user).output(0);
    const std::string name = graph_.value(input).name;
    graph_.RemoveNode(user);
    graph_.Rename(input, name + "_float");
    graph_.Rename(integers, name);
    EDGEOPT_CHECK_OK(Retype(integers, *value));
    replaced_.push_back(input);
    input = integers;
    return OkStatus();
  }

  Status ChangeOutput(ValueId& output) {
    const NodeId producer = graph_.producer(output);
    if (!producer.valid() || !graph_.node(producer).Is("DequantizeLinear") ||
        !graph_.uses(output).empty())
      return OkStatus();
    const auto value = ValueOf(graph_.node(producer));
    const ValueId integers = graph_.node(producer).input(0);
    if (!value || graph_.IsInput(integers) || graph_.IsOutput(integers)) return OkStatus();
    const std::string name = graph_.value(output).name;
    // The list of outputs still holds it; it goes with the node.
    graph_.Rename(output, name + "_float");
    graph_.Rename(integers, name);
    EDGEOPT_CHECK_OK(Retype(integers, *value));
    output = integers;
    return OkStatus();
  }

  // Of a node with one scale and zero point, in 8 bits.
  std::optional<IntegerValue> ValueOf(const Node& linear) const {
    const auto scale = graph_.ConstantOf(linear.input(1));
    const auto zero_point = graph_.ConstantOf(linear.input(2));
    if (!scale || !zero_point || scale->size() != 1 || zero_point->size() != 1) return std::nullopt;
    const DataType type = zero_point->type();
    if (scale->type() != DataType::kFloat32 ||
        (type != DataType::kInt8 && type != DataType::kUint8))
      return std::nullopt;
    const auto number = zero_point->ToInts();
    return IntegerValue{type, scale->as<float>()[0], static_cast<int32_t>(number->front())};
  }

  // Gives the value, and the zero points of what makes and reads it, the wanted type.
  Status Retype(ValueId integers, IntegerValue value) {
    if (value.type != type_) {
      value.zero_point += type_ == DataType::kUint8 ? kUint8Offset : -kUint8Offset;
      value.type = type_;
      const Tensor number = type_ == DataType::kUint8
                                ? Tensor::Scalar(static_cast<uint8_t>(value.zero_point))
                                : Tensor::Scalar(static_cast<int8_t>(value.zero_point));
      const ValueId zero_point =
          graph_.AddInitializer(graph_.value(integers).name + "_zero_point", number);
      for (const ir::Use& use : std::vector<ir::Use>(graph_.uses(integers))) {
        if (use.slot != 0 || !graph_.node(use.node).Is("DequantizeLinear"))
          return Unsupported("'" + graph_.value(integers).name + "' is read by " +
                                 graph_.Describe(use.node) + " as an integer",
                             "keep inputs and outputs in float");
        graph_.SetInput(use.node, 2, zero_point);
      }
      if (const NodeId producer = graph_.producer(integers); producer.valid())
        graph_.SetInput(producer, 2, zero_point);
      ir::Type type = graph_.value(integers).type;
      type.element = type_;
      graph_.SetType(integers, std::move(type));
    }
    changed_[graph_.value(integers).name] = value;
    return OkStatus();
  }

  Graph& graph_;
  DataType type_;
  std::map<std::string, IntegerValue> changed_;
  std::vector<ValueId> replaced_;  // inputs that nothing refers to any more
};

}  // namespace

Result<std::map<std::string, IntegerValue>> MakeIntegerIo(ir::Model& model, DataType type) {
  ir::Model rewritten = model;
  EDGEOPT_TRY(auto changed, IoRewriter(rewritten.graph, type).Run());
  model = std::move(rewritten);
  return changed;
}

}  // namespace edgeopt::passes::quantize
