// A model seen through another one's inputs: for running both on the same samples, whatever their
// formats.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::pipeline {

// `session` with the names of `like`'s inputs and outputs, and with its inputs' order of axes
// (channels first or last, as the sizes tell). They belong together by name, or, where a name is
// missing, by their place. Outputs keep their order of axes. BadInput when numbers, types or sizes
// of the inputs do not fit, or when `like` has more outputs. `session` must outlive the result.
Result<std::unique_ptr<runtimes::Session>> MatchedTo(runtimes::Session& session,
                                                     const runtimes::Session& like);
// The same for the inputs alone: the outputs stay the session's own.
Result<std::unique_ptr<runtimes::Session>> WithInputs(
    runtimes::Session& session, const std::vector<runtimes::TensorSpec>& inputs);

}  // namespace edgeopt::pipeline
