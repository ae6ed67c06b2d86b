// The graph of a program, and the graphs inside it, from JSON. Internal to formats/pt2.
#pragma once

#include "formats/pt2/json.h"
#include "formats/pt2/program.h"

namespace edgeopt::formats::pt2 {

// An argument that is no graph.
Result<Argument> ParseArgument(const json& value);
Result<ProgramGraph> ParseGraph(const json& value);

}  // namespace edgeopt::formats::pt2
