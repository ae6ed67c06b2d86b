#include "ops/shape_arithmetic.h"

#include <algorithm>

#include "ops/shapes/evaluators.h"

namespace edgeopt::ops {
namespace {

using ir::DataType;
using ir::Node;

// Shape and Size need the type of their input only.
Evaluated OfType(const ir::Graph& graph, const Node& node) {
  const ir::ValueId id = node.input(0);
  const auto dims = id.valid() ? graph.value(id).type.static_dims() : std::nullopt;
  if (!dims || !graph.value(id).type.is_tensor()) return std::nullopt;
  const auto rank = static_cast<int64_t>(dims->size());
  if (node.op_type == "Size") return Array{DataType::kInt64, {}, {Elements(*dims)}};
  const auto bound = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const int64_t start = bound(node.IntOr("start", 0)), end = bound(node.IntOr("end", rank));
  Array out{DataType::kInt64, {0}, {}};
  for (int64_t i = start; i < end; ++i) out.data.push_back((*dims)[static_cast<size_t>(i)]);
  out.dims[0] = static_cast<int64_t>(out.data.size());
  return out;
}

Evaluated Lookup(const ir::Graph& graph, ir::ValueId id, const KnownValues& known) {
  if (!id.valid()) return std::nullopt;
  if (const auto found = known.find(graph.value(id).name); found != known.end())
    return FromTensor(found->second);
  const auto constant = graph.ConstantOf(id);
  return constant ? FromTensor(*constant) : std::nullopt;
}

std::unordered_map<std::string_view, decltype(Evaluator::evaluate)> AllEvaluators() {
  std::unordered_map<std::string_view, decltype(Evaluator::evaluate)> all;
  for (const auto rows : {LayoutEvaluators(), ArithmeticEvaluators()})
    for (const Evaluator& row : rows) all.emplace(row.op_type, row.evaluate);
  return all;
}

}  // namespace

std::vector<ir::NodeId> EvaluateShapes(const ir::Graph& graph, KnownValues& known) {
  static const auto& evaluators = *new auto(AllEvaluators());
  std::vector<ir::NodeId> evaluated;
  for (const ir::NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (!node.domain.empty() || node.outputs.size() != 1 || !node.outputs[0].valid()) continue;
    const std::string& name = graph.value(node.outputs[0]).name;
    if (node.Is("Constant") || known.count(name) > 0) continue;
    Evaluated value;
    if (node.op_type == "Shape" || node.op_type == "Size") {
      value = OfType(graph, node);
    } else {
      const auto evaluate = evaluators.find(node.op_type);
      if (evaluate == evaluators.end() || node.inputs.empty()) continue;
      Arrays in;
      for (const ir::ValueId input : node.inputs) in.push_back(Lookup(graph, input, known));
      value = evaluate->second(node, in);
    }
    if (!value || value->data.size() > kMostShapeElements) continue;
    known.emplace(name, ToTensor(*value));
    evaluated.push_back(id);
  }
  return evaluated;
}

}  // namespace edgeopt::ops
