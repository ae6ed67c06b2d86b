// Which of the candidates are taken: so that the fewest bytes are transposed.
#pragma once

#include <map>

#include "passes/layout/candidates.h"
#include "passes/layout/channels_last.h"

namespace edgeopt::passes::layout {

struct Choice {
  std::map<ir::NodeId, NodeLayouts> nodes;  // those that are taken; all others stay plain
  // Graph inputs and outputs whose order changes.
  std::map<ir::ValueId, Layout> boundary;
};
Choice Choose(const Rewriter& rewriter, const Candidates& candidates, Boundary inputs,
              Boundary outputs);

}  // namespace edgeopt::passes::layout
