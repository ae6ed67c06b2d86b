// subgraph-types: what a subgraph captures has the type that it has outside; what a Loop carries
// has the type that it begins with, if the body gives that type on.
//
// Before:   y, z = Loop(3, true, x) <body = (i, go, a) => (go, b, b) { b = Add(a, c) }>
//           x, c float32[2]; a, b, y and z of unknown shape
// After:    a and b float32[2], y float32[2], z float32[3, 2]
// Requires: all sizes of x known. ONNX's inference drops them, since a body may change the shape.
//           Whether this one does is found by trying: where b is not of the type assumed for a,
//           the Loop is left as ONNX has it.
// Maths:    a body that gives values of the type that it takes does so in all rounds: induction.
// Numerics: none.
// Source:   onnx/defs/controlflow/utils.cc, LoopInferenceFunction.
#include "passes/subgraph_types.h"

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ops/loop_rounds.h"
#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

using ir::DataType;
using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::Type;
using ir::ValueId;

// A chain of subgraphs, one inside the other; types wander in by one per turn, and out again.
constexpr int kMostTurns = 16;

// Loops that change the types of what they carry, by the names of their outputs.
using Names = std::set<std::string>;

std::string NameOf(const Graph& graph, const Node& loop) {
  for (const ValueId output : loop.outputs)
    if (output.valid()) return graph.value(output).name;
  return loop.name;
}

// `type` where the value's own says less; true when that changed it.
bool Refine(Graph& graph, ValueId id, const Type& type) {
  const Type& own = graph.value(id).type;
  if (!type.is_tensor() || own == type || own.static_dims()) return false;
  if (own.is_tensor() && own.element != DataType::kUndefined && own.element != type.element)
    return false;
  graph.SetType(id, type);
  return true;
}

// Captured values of the subgraphs of a node.
bool SettleCaptured(Rewriter& rewriter, Graph& subgraph) {
  bool changed = false;
  for (const ValueId inside : subgraph.captured()) {
    const ValueId outside = rewriter.graph().Find(subgraph.value(inside).name);
    if (!outside.valid()) continue;
    const Type& type = rewriter.TypeOf(outside);
    if (type.kind == Type::Kind::kNone || subgraph.value(inside).type == type) continue;
    subgraph.SetType(inside, type);
    changed = true;
  }
  return changed;
}

// What goes into the body of a Loop.
bool SettleInputs(Rewriter& rewriter, const Node& loop, Graph& body) {
  const std::vector<ValueId>& inputs = body.inputs();
  if (inputs.size() != loop.inputs.size() || inputs.size() < 2) return false;
  const auto known = [&](ValueId id) { return body.value(id).type.shape.has_value(); };
  bool changed = false;
  if (!known(inputs[0]))
    changed |= Refine(body, inputs[0], Type::OfTensor(DataType::kInt64, ir::Shape{}));
  if (!known(inputs[1]))
    changed |= Refine(body, inputs[1], Type::OfTensor(DataType::kBool, ir::Shape{}));
  for (size_t i = 2; i < inputs.size(); ++i)
    if (const Type& type = rewriter.TypeOf(loop.inputs[i]); type.static_dims())
      changed |= Refine(body, inputs[i], type);
  return changed;
}

// What comes out of a Loop.
bool SettleOutputs(Rewriter& rewriter, const Node& loop) {
  const Graph* body = ops::BodyOf(loop);
  const size_t carried = loop.inputs.size() - 2;
  if (body == nullptr || body->inputs().size() != carried + 2 ||
      body->outputs().size() < loop.outputs.size() + 1)
    return false;
  const auto rounds = ops::KnownRounds(loop, [&](ValueId id) { return rewriter.ConstantOf(id); });
  bool changed = false;
  for (size_t i = 0; i < loop.outputs.size(); ++i) {
    if (!loop.outputs[i].valid()) continue;
    Type type = body->value(body->outputs()[i + 1]).type;
    if (!type.static_dims()) continue;
    if (i < carried) {
      const Type& taken = body->value(body->inputs()[i + 2]).type;
      if (taken.element != type.element || taken.static_dims() != type.static_dims() ||
          rewriter.TypeOf(loop.inputs[i + 2]).static_dims() != type.static_dims())
        continue;
    } else if (rounds) {
      type.shape->insert(type.shape->begin(), ir::Dim::Of(*rounds));
    } else {
      continue;
    }
    changed |= Refine(rewriter.graph(), loop.outputs[i], type);
  }
  return changed;
}

bool SettleSubgraphs(Rewriter& rewriter, NodeId id, const Names& changing) {
  Graph& graph = rewriter.graph();
  bool any = false;
  for (ir::Attribute attribute : std::vector<ir::Attribute>(graph.node(id).attributes)) {
    auto* one = std::get_if<ir::GraphPtr>(&attribute.value);
    if (one == nullptr) continue;
    Graph copy = **one;
    const Node& node = graph.node(id);
    bool changed = SettleCaptured(rewriter, copy);
    if (node.Is("Loop") && !changing.contains(NameOf(graph, node)))
      changed |= SettleInputs(rewriter, node, copy);
    if (!changed) continue;
    *one = std::make_shared<const Graph>(std::move(copy));
    graph.SetAttribute(id, std::move(attribute));
    any = true;
  }
  return any;
}

Result<bool> SettleTypes(ir::Model& model, const Names& changing) {
  const Context context;
  EDGEOPT_TRY(const Outcome outcome,
              OverNodes(model, context, [&](Rewriter& rewriter, NodeId id) -> Status {
                if (!rewriter.graph().node(id).has_subgraphs()) return OkStatus();
                bool changed = SettleSubgraphs(rewriter, id, changing);
                const Node& node = rewriter.graph().node(id);
                if (node.Is("Loop")) changed |= SettleOutputs(rewriter, node);
                if (changed) rewriter.Count();
                return OkStatus();
              }));
  return outcome.changed();
}

// Adds the Loops one of whose carried values is given in another type than the known one in which
// it is taken; returns whether there are new ones.
bool FindChanging(const Graph& graph, Names& changing) {
  bool found = false;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    ir::ForEachSubgraph(node, [&](std::string_view, const Graph& subgraph) {
      found |= FindChanging(subgraph, changing);
    });
    const Graph* body = node.Is("Loop") ? ops::BodyOf(node) : nullptr;
    if (body == nullptr) continue;
    for (size_t i = 2; i < body->inputs().size() && i - 1 < body->outputs().size(); ++i) {
      const auto taken = body->value(body->inputs()[i]).type.static_dims();
      const auto given = body->value(body->outputs()[i - 1]).type.static_dims();
      if (taken && taken != given) found |= changing.insert(NameOf(graph, node)).second;
    }
  }
  return found;
}

}  // namespace

Status InferSubgraphTypes(ir::Model& model, const std::function<Status(ir::Model&)>& infer) {
  Names changing;
  for (;;) {
    ir::Model attempt = model;
    EDGEOPT_CHECK_OK(infer(attempt));
    for (int turn = 0; turn < kMostTurns; ++turn) {
      EDGEOPT_TRY(const bool changed, SettleTypes(attempt, changing));
      if (!changed) break;
      EDGEOPT_CHECK_OK(infer(attempt));
    }
    // Each attempt finds another Loop, or is the last.
    if (FindChanging(attempt.graph, changing)) continue;
    model = std::move(attempt);
    return OkStatus();
  }
}

}  // namespace edgeopt::passes
