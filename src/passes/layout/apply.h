// Makes a graph work on the layouts that were chosen for it.
#pragma once

#include "passes/layout/choose.h"

namespace edgeopt::passes::layout {

// Nodes get their parameters for the layouts that they work on, spatial ones the domain of
// channels_last.h; what is read in another layout than it is written in goes through one Transpose
// (reshapes where only axes of size 1 move). A value that somebody needs plain keeps its name for
// that form.
void Apply(Rewriter& rewriter, const Candidates& candidates, const Choice& choice);

}  // namespace edgeopt::passes::layout
