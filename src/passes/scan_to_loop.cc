// scan-to-loop: a Scan over sequences of known length becomes a Loop.
//
// Before:   y, z = Scan<num_scan_inputs = 1>(s, x) <body = (a, b) => (c, d) { ... }>
// After:    y, z = Loop(length, true, s) <body = (i, go, a) => (go2, c, d) {
//             b = Gather<axis>(x, i);  go2 = Identity(go);  ... }>
//           with length - 1 - i for i where the input is read backwards; a scan output that is
//           written backwards, or along another axis than 0, is reversed or transposed behind.
// Requires: a scan input whose size along its axis is known. Opset 11 (negative axes; 9 for Scan
//           of that form).
// Maths:    none.
// Numerics: exact.
// Source:   ONNX operators Scan, Loop.
#include "passes/scan_to_loop.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

constexpr int64_t kOpsetOfNegativeAxes = 11;

ir::Type ScalarType(DataType element) { return ir::Type::OfTensor(element, ir::Shape{}); }

class ScanRewriting {
 public:
  ScanRewriting(Rewriter& rewriter, NodeId id, const Graph& body)
      : rewriter_(rewriter),
        graph_(rewriter.graph()),
        node_(graph_.node(id)),
        id_(id),
        body_(body),
        scans_(static_cast<size_t>(node_.IntOr("num_scan_inputs", 0))) {}

  Status Run() {
    EDGEOPT_CHECK_OK(Check());
    const auto length = Length();
    if (!length) {
      rewriter_.Skip(id_, "the length of its sequences is not known");
      return OkStatus();
    }
    if (!KnowsRanks()) {
      rewriter_.Skip(id_, "the rank of a scan output is not known");
      return OkStatus();
    }
    length_ = *length;
    body_.ReserveNames(
        std::make_shared<const std::unordered_set<std::string>>(ir::AllNames(graph_)));
    MakeBody();
    EDGEOPT_CHECK_OK(body_.SortTopologically());
    graph_.RemoveNode(id_);
    AddLoop();
    rewriter_.Count();
    return OkStatus();
  }

 private:
  size_t states() const { return node_.inputs.size() - scans_; }

  Status Check() const {
    const size_t inputs = node_.inputs.size();
    if (scans_ < 1 || scans_ > inputs || body_.inputs().size() != inputs ||
        body_.outputs().size() < std::max(states(), node_.outputs.size()))
      return BadInput(graph_.Describe(id_) + " has " + std::to_string(inputs) + " inputs, " +
                      std::to_string(scans_) + " of them scanned, and " +
                      std::to_string(node_.outputs.size()) + " outputs; its body has " +
                      std::to_string(body_.inputs().size()) + " and " +
                      std::to_string(body_.outputs().size()));
    return OkStatus();
  }

  int64_t Element(std::string_view attribute, size_t i) const {
    const std::vector<int64_t> list = node_.IntsOr(attribute, {});
    return i < list.size() ? list[i] : 0;
  }

  ValueId ScanInput(size_t i) const { return node_.inputs[states() + i]; }

  // Of all sequences; one that is known is enough.
  std::optional<int64_t> Length() const {
    for (size_t i = 0; i < scans_; ++i) {
      const ir::Type& type = rewriter_.TypeOf(ScanInput(i));
      const auto axis = NormalizedAxis(Element("scan_input_axes", i), type.rank());
      if (!axis) continue;
      const auto size = (*type.shape)[static_cast<size_t>(*axis)].value;
      if (size) return size;
    }
    return std::nullopt;
  }

  // Of scan outputs that are stacked along other axes than the first.
  bool KnowsRanks() const {
    for (size_t i = states(); i < node_.outputs.size(); ++i) {
      const ValueId output = node_.outputs[i];
      if (!output.valid() || Element("scan_output_axes", i - states()) == 0) continue;
      const int64_t rank = rewriter_.TypeOf(output).rank();
      if (!NormalizedAxis(Element("scan_output_axes", i - states()), rank)) return false;
    }
    return true;
  }

  // --- the body ---

  void MakeBody() {
    const std::vector<ValueId> inputs = body_.inputs();
    const ValueId round = Add("round", DataType::kInt64), go = Add("go_on", DataType::kBool);
    const ValueId next = Add("next_go_on", DataType::kBool);
    for (size_t i = 0; i < scans_; ++i) AddRead(inputs[states() + i], round, i);
    body_.AddNode("Identity", {go}, {next}, {}, body_.value(next).name);
    std::vector<ValueId> carried = {round, go}, given = {next};
    carried.insert(carried.end(), inputs.begin(),
                   inputs.begin() + static_cast<std::ptrdiff_t>(states()));
    given.insert(given.end(), body_.outputs().begin(), body_.outputs().end());
    body_.SetInputs(std::move(carried));
    body_.SetOutputs(std::move(given));
  }

  // A scalar of the body, called after the node.
  ValueId Add(std::string_view what, DataType element) {
    const auto made = std::ranges::find_if(node_.outputs, &ValueId::valid);
    const std::string prefix =
        made == node_.outputs.end() ? std::string("scan") : graph_.value(*made).name;
    return body_.AddValue(prefix + "/" + std::string(what), ScalarType(element));
  }

  // The element of a sequence that the body got as an input.
  void AddRead(ValueId element, ValueId round, size_t i) {
    ValueId index = round;
    if (Element("scan_input_directions", i) != 0) {
      index = Add("reverse_round", DataType::kInt64);
      const ValueId last = body_.AddInitializer("last", Tensor::Scalar<int64_t>(length_ - 1));
      body_.AddNode("Sub", {last, round}, {index}, {}, body_.value(index).name);
    }
    const int64_t axis = Element("scan_input_axes", i);
    body_.AddNode("Gather", {Captured(ScanInput(i)), index}, {element}, {{"axis", axis}},
                  body_.value(element).name + "_read");
  }

  ValueId Captured(ValueId outer) {
    const std::string name = graph_.value(outer).name;
    ValueId inside = body_.Find(name);
    if (inside.valid() && !body_.value(inside).captured) {
      // A value of the body's own has that name: it makes way.
      for (std::string spare = name + "_inner"; !body_.Rename(inside, spare);) spare += '_';
      inside = ir::kNoValue;
    }
    if (!inside.valid()) {
      inside = body_.AddNamedValue(name);
      body_.SetCaptured(inside);
      body_.SetType(inside, rewriter_.TypeOf(outer));
    }
    return inside;
  }

  // --- around it ---

  void AddLoop() {
    Node loop;
    loop.op_type = "Loop";
    loop.name = node_.name;
    loop.inputs = {graph_.AddInitializer("length", Tensor::Scalar<int64_t>(length_)),
                   graph_.AddInitializer("go_on", Tensor::Scalar<bool>(true))};
    loop.inputs.insert(loop.inputs.end(), node_.inputs.begin(),
                       node_.inputs.begin() + static_cast<std::ptrdiff_t>(states()));
    std::vector<std::pair<ValueId, size_t>> reordered;
    loop.outputs = node_.outputs;
    for (size_t i = states(); i < loop.outputs.size(); ++i) {
      if (!loop.outputs[i].valid() || IsPlain(i - states())) continue;
      reordered.emplace_back(loop.outputs[i], i - states());
      loop.outputs[i] = graph_.AddValue(graph_.value(loop.outputs[i]).name + "_stacked");
    }
    const std::vector<ValueId> stacked = loop.outputs;
    loop.attributes.push_back({"body", std::make_shared<const Graph>(std::move(body_))});
    graph_.AddNode(std::move(loop));
    for (const auto& [output, i] : reordered) Reorder(stacked[states() + i], output, i);
  }

  bool IsPlain(size_t i) const {
    return Element("scan_output_axes", i) == 0 && Element("scan_output_directions", i) == 0;
  }

  // From [length, ...] in the order of rounds to what the output says.
  void Reorder(ValueId stacked, ValueId output, size_t i) {
    const int64_t rank = rewriter_.TypeOf(output).rank();
    const int64_t axis = NormalizedAxis(Element("scan_output_axes", i), rank).value_or(0);
    if (Element("scan_output_directions", i) != 0) {
      std::vector<int64_t> backwards(static_cast<size_t>(length_));
      std::iota(backwards.rbegin(), backwards.rend(), 0);
      const ValueId indices = graph_.AddInitializer("backwards", IntsTensor(backwards));
      const ValueId reversed =
          axis == 0 ? output : graph_.AddValue(graph_.value(output).name + "_reversed");
      graph_.AddNode("Gather", {stacked, indices}, {reversed}, {{"axis", int64_t{0}}},
                     graph_.value(reversed).name);
      stacked = reversed;
    }
    if (axis == 0) return;
    std::vector<int64_t> permutation;
    for (int64_t k = 1; k < rank; ++k) permutation.push_back(k);
    permutation.insert(permutation.begin() + axis, 0);
    graph_.AddNode("Transpose", {stacked}, {output}, {{"perm", permutation}},
                   graph_.value(output).name);
  }

  Rewriter& rewriter_;
  Graph& graph_;
  const Node node_;  // a copy: the graph changes
  NodeId id_;
  Graph body_;
  size_t scans_;
  int64_t length_ = 0;
};

Status ScanNodeToLoop(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  if (!node.Is("Scan") || rewriter.opset() < kOpsetOfNegativeAxes) return OkStatus();
  const ir::Attribute* attribute = node.FindAttribute("body");
  const auto* body = attribute != nullptr ? attribute->get<ir::GraphPtr>() : nullptr;
  if (body == nullptr) return BadInput(rewriter.graph().Describe(id) + " has no body");
  return ScanRewriting(rewriter, id, **body).Run();
}

}  // namespace

Result<int64_t> ScanToLoop(ir::Model& model) {
  EDGEOPT_TRY(const Outcome outcome, OverNodes(model, Context{}, ScanNodeToLoop));
  return outcome.rewrites;
}

}  // namespace edgeopt::passes
