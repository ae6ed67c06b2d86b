// fold-shapes: shape computations that are known without running the model, whole or in part.
//
// Before:   n = Op(... Shape(x) ...)                    all elements of n are known sizes
// After:    n a constant
// Before:   y = Reshape(x, s)                           s computed; its elements are numbers, sizes
//                                                       that x has at the same place, and at most
//                                                       one other
// After:    y = Reshape(x, {numbers, 0 for the sizes of x, -1 for the other})
// Before:   y = Expand(x, s)                            the same, without any other
// After:    y = Expand(x, {numbers, 1 for the sizes of x})
// Before:   y = Resize(x, roi, , sizes)                 sizes[i] / x's size a power of two or 1
// After:    y = Resize(x, roi, scales)
// Requires: types have been inferred. Reshape: allowzero is 0. Resize: aspect policy "stretch".
// Maths:    the size that -1 stands for is worked out from the balance of elements where that is
//           possible, which keeps empty batches valid. Resize: scale = size / x's size exactly.
// Numerics: exact.
// Source:   ONNX operators Shape, Reshape, Expand, Resize.
#include <algorithm>
#include <cmath>

#include "passes/operands.h"
#include "passes/reshape_target.h"
#include "passes/shape_values.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

bool AllNumbers(const std::optional<Elements>& elements) {
  return elements && std::all_of(elements->begin(), elements->end(),
                                 [](const Element& element) { return element.number.has_value(); });
}

Result<ir::Tensor> ToTensor(const Elements& elements, ir::DataType type, int64_t rank) {
  std::vector<int64_t> values;
  for (const Element& element : elements) values.push_back(*element.number);
  const ir::Dims dims = rank == 0 ? ir::Dims{} : ir::Dims{static_cast<int64_t>(values.size())};
  if (type == ir::DataType::kInt32)
    return ir::Tensor::Of(dims, std::vector<int32_t>(values.begin(), values.end()));
  if (type == ir::DataType::kBool) {
    const std::vector<uint8_t> bytes(values.begin(), values.end());
    return ir::Tensor::Make(type, dims, Buffer::FromVector(bytes));
  }
  return ir::Tensor::Of(dims, values);
}

class ShapeFolder {
 public:
  explicit ShapeFolder(Rewriter& rewriter)
      : rewriter_(rewriter), graph_(rewriter.graph()), values_(rewriter) {}

  Status Run() {
    // First everything is looked at, then the graph is changed: ShapeValues needs it in peace.
    for (const NodeId id : graph_.nodes()) {
      const Node& node = graph_.node(id);
      if (!node.domain.empty()) continue;
      if (AllNumbers(Computed(node)) && IsNeeded(node.outputs[0])) {
        EDGEOPT_CHECK_OK(PlanConstant(id));
      } else if (node.op_type == "Reshape") {
        PlanReshape(id);
      } else if (node.op_type == "Expand") {
        PlanExpand(id);
      } else if (node.op_type == "Resize") {
        PlanResize(id);
      }
    }
    for (const Operand& operand : operands_) Apply(operand);
    for (const Constant& constant : constants_) Apply(constant);
    return OkStatus();
  }

 private:
  struct Constant {
    NodeId node;
    ir::Tensor tensor;
  };
  struct Operand {
    NodeId node;
    size_t slot;
    ir::Tensor tensor;
    int64_t cleared_slot = -1;  // an input that goes
  };

  // The elements of the node's only output, if it is computed.
  std::optional<Elements> Computed(const Node& node) {
    if (node.outputs.size() != 1 || !node.outputs[0].valid() || node.op_type == "Constant")
      return std::nullopt;
    return values_.Of(node.outputs[0]);
  }

  // Something other than a shape computation that is known as a whole reads it.
  bool IsNeeded(ValueId id) {
    if (graph_.IsOutput(id)) return true;
    for (const ir::Use& use : graph_.uses(id))
      if (use.slot == ir::Use::kCaptured || !AllNumbers(Computed(graph_.node(use.node))))
        return true;
    return false;
  }

  Status PlanConstant(NodeId id) {
    const ValueId output = graph_.node(id).outputs[0];
    const ir::Type& type = rewriter_.TypeOf(output);
    if (graph_.IsOutput(output)) {
      rewriter_.Skip(id, "it is a graph output");
      return OkStatus();
    }
    EDGEOPT_TRY(ir::Tensor tensor, ToTensor(*values_.Of(output), type.element, type.rank()));
    constants_.push_back({id, std::move(tensor)});
    return OkStatus();
  }

  // The computed elements of an input and the dimensions of input 0.
  struct Request {
    Elements wanted, data;
  };
  std::optional<Request> RequestOf(NodeId id, size_t slot) {
    const Node& node = graph_.node(id);
    if (!node.input(slot).valid() || rewriter_.ConstantOf(node.input(slot))) return std::nullopt;
    const auto& wanted = values_.Of(node.input(slot));
    const auto data = values_.DimsOf(node.input(0));
    if (AllNumbers(wanted)) return std::nullopt;  // becomes a constant anyway
    if (!wanted || !data) {
      rewriter_.Skip(id, "its shape is computed from more than sizes of known rank");
      return std::nullopt;
    }
    return Request{*wanted, *data};
  }

  void PlanReshape(NodeId id) {
    if (graph_.node(id).IntOr("allowzero", 0) != 0) return;
    const auto request = RequestOf(id, 1);
    if (!request) return;
    const auto shape = ReshapeTarget(request->wanted, request->data);
    if (!shape) return rewriter_.Skip(id, "two sizes of its shape are known only at run time");
    operands_.push_back({id, 1, IntsTensor(*shape)});
  }

  void PlanExpand(NodeId id) {
    const auto request = RequestOf(id, 1);
    if (!request) return;
    const auto lead =
        static_cast<int64_t>(request->wanted.size()) - static_cast<int64_t>(request->data.size());
    std::vector<int64_t> shape;
    for (size_t i = 0; i < request->wanted.size(); ++i) {
      const Element& element = request->wanted[i];
      const int64_t at = static_cast<int64_t>(i) - lead;
      if (element.number)
        shape.push_back(*element.number);
      else if (at >= 0 && element.Equals(request->data[static_cast<size_t>(at)]))
        shape.push_back(1);
      else
        return rewriter_.Skip(id, "it expands to a size known only at run time");
    }
    operands_.push_back({id, 1, IntsTensor(shape)});
  }

  void PlanResize(NodeId id) {
    const Node& node = graph_.node(id);
    if (!node.input(3).valid() || node.FindAttribute("axes")) return;
    if (node.StringOr("keep_aspect_ratio_policy", "stretch") != "stretch") return;
    const auto request = RequestOf(id, 3);
    if (!request || request->wanted.size() != request->data.size()) return;
    std::vector<float> scales;
    for (size_t i = 0; i < request->wanted.size(); ++i) {
      const Element &to = request->wanted[i], &from = request->data[i];
      int exponent = 0;
      if (to.Equals(from)) {
        scales.push_back(1.0f);
      } else if (to.number && from.number && *from.number > 0 && *to.number > 0 &&
                 std::frexp(static_cast<double>(*to.number) / static_cast<double>(*from.number),
                            &exponent) == 0.5) {
        scales.push_back(static_cast<float>(*to.number) / static_cast<float>(*from.number));
      } else {
        return rewriter_.Skip(id, "it resizes by a factor known only at run time");
      }
    }
    const auto rank = static_cast<int64_t>(scales.size());
    operands_.push_back({id, 2, ir::Tensor::Of({rank}, scales), 3});
  }

  void Apply(const Operand& operand) {
    const std::string name = graph_.value(graph_.node(operand.node).output(0)).name;
    const std::string what = operand.cleared_slot < 0 ? "_shape" : "_scales";
    graph_.SetInput(operand.node, operand.slot, graph_.AddInitializer(name + what, operand.tensor));
    if (operand.cleared_slot >= 0) {
      std::vector<ValueId> inputs = graph_.node(operand.node).inputs;
      inputs.resize(static_cast<size_t>(operand.cleared_slot));
      graph_.SetNodeInputs(operand.node, std::move(inputs));
    }
    rewriter_.Count();
  }

  void Apply(const Constant& constant) {
    const ValueId output = graph_.node(constant.node).outputs[0];
    graph_.RemoveNode(constant.node);
    graph_.SetInitializer(output, constant.tensor);
    rewriter_.Count();
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  ShapeValues values_;
  std::vector<Constant> constants_;
  std::vector<Operand> operands_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverGraphs(model, context, [](Rewriter& rewriter) { return ShapeFolder(rewriter).Run(); });
}

}  // namespace

Pass fold_shapes() {
  return {"fold-shapes", "sizes that are known become constants, also where the batch is not", Run,
          true};
}

}  // namespace edgeopt::passes
