// Which nodes could work on which layouts: found from the spatial operators on, along and against
// the direction of the data.
#pragma once

#include <map>
#include <set>

#include "passes/layout/rules.h"

namespace edgeopt::passes::layout {

struct Candidates {
  std::map<ir::NodeId, NodeLayouts> nodes;  // all others stay plain
  std::set<ir::NodeId> spatial;             // of these nodes; they have no choice
  std::map<ir::ValueId, Layout> values;     // the layout nearest to a spatial operator
};
// Unsupported names a spatial operator of unknown rank.
Result<Candidates> FindCandidates(const Rewriter& rewriter);
// Spatial operators stay as they are: layouts start at the Transposes next to them, on whose other
// side a value may be stored as it comes out of them.
Candidates FindAroundTransposes(const Rewriter& rewriter);

}  // namespace edgeopt::passes::layout
