// ONNX Runtime's profile file (Chrome's trace format) as events per run. Pure: text in, events out.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::ort {

// The kernel events of each run, in order; runs must not have overlapped. An operator inside a
// subgraph is marked nested: its time is part of its If's, Loop's or Scan's. BadInput for what is
// not such a file.
Result<std::vector<std::vector<ProfileEvent>>> ParseProfile(std::string_view json);

}  // namespace edgeopt::runtimes::ort
