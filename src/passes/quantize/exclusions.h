// Layers that the user keeps in float: by node name, by operator type, or by pattern.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ir/graph.h"

namespace edgeopt::passes::quantize {

// Each entry is a node name, an operator type, or a glob over node names with * and ?
// ("/encoder/layer.5/*"). An unnamed node goes by its first output's name.
class Exclusions {
 public:
  Exclusions() = default;
  explicit Exclusions(std::vector<std::string> entries) : entries_(std::move(entries)) {}

  bool Match(const ir::Graph& graph, ir::NodeId id) const;
  // UsageError naming each entry that fits no node of the graph: a misspelt exclusion must not
  // pass.
  Status CheckAllUsed(const ir::Graph& graph) const;
  const std::vector<std::string>& entries() const { return entries_; }

 private:
  std::vector<std::string> entries_;
};

// The node's name; an unnamed node's first output.
std::string NodeLabel(const ir::Graph& graph, ir::NodeId id);

}  // namespace edgeopt::passes::quantize
