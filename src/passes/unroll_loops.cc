// unroll-loops: a Loop whose number of rounds is known and small becomes its rounds in a row.
//
// Before:   y, z = Loop(3, true, x) <body = (i, go, a) => (go, b, c) { b = Op(a); c = Op2(b) }>
// After:    b1 = Op(x);  b2 = Op(b1);  y = Op(b2)
//           z = Concat<axis = 0>(Unsqueeze(Op2(b1)), Unsqueeze(Op2(b2)), Unsqueeze(Op2(y)))
// Requires: a constant trip count, conditions that are constantly true; rounds times nodes of the
//           body at most kMostNodes. A Loop of no rounds has no scan outputs.
// Maths:    none.
// Numerics: exact.
// Source:   ONNX operator Loop.
#include "passes/unroll_loops.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ops/loop_rounds.h"
#include "passes/inline_body.h"
#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

// As many nodes as a large network has.
constexpr int64_t kMostNodes = 2048;

int64_t CountNodes(const Graph& graph) {
  auto count = static_cast<int64_t>(graph.node_count());
  for (const NodeId id : graph.nodes())
    ir::ForEachSubgraph(graph.node(id), [&](std::string_view, const Graph& subgraph) {
      count += CountNodes(subgraph);
    });
  return count;
}

// A constant in the form in which the body takes it: one element, or a scalar.
template <typename T>
Tensor BodyArgument(T value, const ir::Type& type) {
  const Tensor scalar = Tensor::Scalar(value);
  return type.rank() == 1 ? scalar.Reshaped({1}).value() : scalar;
}

// What has one name for a size in each round may have several sizes in a row.
Status ForgetTypes(Graph& body) {
  const auto forgotten = ir::TransformGraph(body, [](Graph& graph) -> Result<bool> {
    for (const NodeId id : graph.nodes())
      for (const ValueId made : graph.node(id).outputs)
        if (made.valid()) graph.SetType(made, {});
    return true;
  });
  return forgotten.ok() ? OkStatus() : Status(forgotten.error());
}

class Unrolling {
 public:
  Unrolling(Rewriter& rewriter, NodeId id, int64_t rounds)
      : rewriter_(rewriter),
        graph_(rewriter.graph()),
        node_(graph_.node(id)),
        id_(id),
        rounds_(rounds),
        body_(*ops::BodyOf(node_)),
        carried_(node_.inputs.begin() + 2, node_.inputs.end()),
        slices_(body_.outputs().size() - 1 - carried_.size()) {}

  Status Run() {
    EDGEOPT_CHECK_OK(ForgetTypes(body_));
    graph_.RemoveNode(id_);
    for (int64_t round = 0; round < rounds_; ++round) AddRound(round);
    for (size_t i = 0; i < node_.outputs.size(); ++i) {
      const ValueId output = node_.outputs[i];
      if (!output.valid()) continue;
      if (i >= carried_.size())
        graph_.AddNode("Concat", slices_[i - carried_.size()], {output}, {{"axis", int64_t{0}}},
                       graph_.value(output).name);
      else if (!rewriter_.Replace(output, carried_[i]))
        graph_.AddNode("Identity", {carried_[i]}, {output}, {}, graph_.value(output).name);
    }
    rewriter_.Count();
    return OkStatus();
  }

 private:
  void AddRound(int64_t round) {
    const auto input_type = [&](size_t i) { return body_.value(body_.inputs()[i]).type; };
    std::vector<ValueId> arguments = {
        graph_.AddInitializer("round", BodyArgument(round, input_type(0))),
        graph_.AddInitializer("go_on", BodyArgument(true, input_type(1)))};
    arguments.insert(arguments.end(), carried_.begin(), carried_.end());
    const std::vector<ValueId> results =
        InlineBody(graph_, body_, arguments, "/round" + std::to_string(round));
    for (size_t i = 0; i < carried_.size(); ++i) carried_[i] = results[1 + i];
    for (size_t i = 0; i < slices_.size(); ++i) {
      const bool is_read = node_.output(carried_.size() + i).valid();
      if (is_read) slices_[i].push_back(Slice(results[1 + carried_.size() + i]));
    }
  }

  // [1, ...] of what one round gives.
  ValueId Slice(ValueId value) {
    const ValueId axes = graph_.AddInitializer("axes", IntsTensor({0}));
    const ValueId slice = graph_.AddValue(graph_.value(value).name + "_slice");
    graph_.AddNode("Unsqueeze", {value, axes}, {slice}, {}, graph_.value(slice).name);
    return slice;
  }

  Rewriter& rewriter_;
  Graph& graph_;
  const Node node_;  // a copy: the graph changes
  NodeId id_;
  int64_t rounds_;
  Graph body_;
  std::vector<ValueId> carried_;
  std::vector<std::vector<ValueId>> slices_;  // by scan output
};

Status UnrollLoop(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.graph().node(id);
  const Graph* body = node.Is("Loop") ? ops::BodyOf(node) : nullptr;
  if (body == nullptr || node.inputs.size() < 2) return OkStatus();
  const size_t carried = node.inputs.size() - 2;
  if (body->inputs().size() != carried + 2 || body->outputs().size() < carried + 1 ||
      body->outputs().size() < node.outputs.size() + 1)
    return BadInput(
        rewriter.graph().Describe(id) + " has a body of " + std::to_string(body->inputs().size()) +
        " inputs and " + std::to_string(body->outputs().size()) + " outputs; expected " +
        std::to_string(carried + 2) + " and " + std::to_string(node.outputs.size() + 1));
  const auto rounds =
      ops::KnownRounds(node, [&](ValueId value) { return rewriter.ConstantOf(value); });
  const bool has_scans = node.outputs.size() > carried;
  if (!rounds) {
    rewriter.Skip(id, "its number of rounds depends on data");
  } else if (*rounds == 0 && has_scans) {
    rewriter.Skip(id, "it has no rounds, so its scan outputs are empty");
  } else if (const int64_t nodes = CountNodes(*body);
             *rounds > kMostNodes / std::max<int64_t>(nodes, 1)) {
    rewriter.Skip(id, std::to_string(*rounds) + " rounds of " + std::to_string(nodes) +
                          " nodes are too many");
  } else {
    return Unrolling(rewriter, id, *rounds).Run();
  }
  return OkStatus();
}

}  // namespace

Result<int64_t> UnrollLoops(ir::Model& model) {
  EDGEOPT_TRY(const Outcome outcome, OverNodes(model, Context{}, UnrollLoop));
  return outcome.rewrites;
}

}  // namespace edgeopt::passes
