#include "ops/inspection.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "ops/operator.h"
#include "ops/parameters.h"

namespace edgeopt::ops {
namespace {

Inspection::Port PortOf(const ir::Value& value) {
  return {value.name, value.type, value.doc_string};
}

std::vector<Inspection::OperatorRow> OperatorRows(const ModelCost& cost) {
  std::map<std::string, Inspection::OperatorRow> by_type;
  for (const NodeCost& node : cost.nodes) {
    Inspection::OperatorRow& row = by_type[node.op_type];
    row.op_type = node.op_type;
    ++row.count;
    row.macs = SaturatingAdd(row.macs, node.macs);
    row.other = SaturatingAdd(row.other, node.other);
    row.parameters = SaturatingAdd(row.parameters, node.parameters);
    row.parameter_bytes = SaturatingAdd(row.parameter_bytes, node.parameter_bytes);
  }
  std::vector<Inspection::OperatorRow> rows;
  for (auto& [type, row] : by_type) rows.push_back(std::move(row));
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return std::tie(a.macs, a.count) > std::tie(b.macs, b.count);
  });
  return rows;
}

void CountParameters(const ir::Graph& graph,
                     std::map<ir::DataType, Inspection::ParameterRow>& rows) {
  for (const Parameter& parameter : ParametersOf(graph)) {
    Inspection::ParameterRow& row = rows[parameter.type];
    row.type = parameter.type;
    ++row.tensors;
    row.elements = SaturatingAdd(row.elements, parameter.elements);
    row.bytes = SaturatingAdd(row.bytes, parameter.bytes);
  }
  for (const ir::NodeId id : graph.nodes())
    ir::ForEachSubgraph(graph.node(id), [&](const std::string&, const ir::Graph& subgraph) {
      CountParameters(subgraph, rows);
    });
}

}  // namespace

Inspection Inspect(const ir::Model& model, ModelCost cost) {
  Inspection inspection;
  for (const ir::ValueId id : model.graph.inputs())
    if (!model.graph.value(id).initializer)
      inspection.inputs.push_back(PortOf(model.graph.value(id)));
  for (const ir::ValueId id : model.graph.outputs())
    inspection.outputs.push_back(PortOf(model.graph.value(id)));
  inspection.operators = OperatorRows(cost);
  std::map<ir::DataType, Inspection::ParameterRow> rows;
  CountParameters(model.graph, rows);
  for (const auto& [type, row] : rows) inspection.parameters.push_back(row);
  std::stable_sort(inspection.parameters.begin(), inspection.parameters.end(),
                   [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  inspection.hard_to_quantize = HardToQuantize(model);
  inspection.cost = std::move(cost);
  return inspection;
}

}  // namespace edgeopt::ops
