#include "passes/quantize/exclusions.h"

#include <fnmatch.h>

#include <algorithm>

namespace edgeopt::passes::quantize {
namespace {

bool Fits(const std::string& entry, const std::string& label, const std::string& op_type) {
  return entry == label || entry == op_type || ::fnmatch(entry.c_str(), label.c_str(), 0) == 0;
}

}  // namespace

std::string NodeLabel(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  if (!node.name.empty()) return node.name;
  for (const ir::ValueId output : node.outputs)
    if (output.valid()) return graph.value(output).name;
  return {};
}

bool Exclusions::Match(const ir::Graph& graph, ir::NodeId id) const {
  const std::string label = NodeLabel(graph, id);
  return std::any_of(entries_.begin(), entries_.end(), [&](const std::string& entry) {
    return Fits(entry, label, graph.node(id).op_type);
  });
}

Status Exclusions::CheckAllUsed(const ir::Graph& graph) const {
  const std::vector<ir::NodeId> nodes = graph.nodes();
  for (const std::string& entry : entries_) {
    const bool used = std::any_of(nodes.begin(), nodes.end(), [&](ir::NodeId id) {
      return Fits(entry, NodeLabel(graph, id), graph.node(id).op_type);
    });
    if (!used)
      return UsageError("--exclude '" + entry + "' fits no node of the model",
                        "'edgeopt inspect MODEL' lists names and operator types");
  }
  return OkStatus();
}

}  // namespace edgeopt::passes::quantize
