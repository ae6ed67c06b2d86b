// LiteRT's profiler, read after each run.
//
// What it gives: per run of one of LiteRT's own kernels its name in the schema ("CONV_2D") and its
// place in the graph, from which the file tells name and types; and per step of XNNPACK XNNPACK's
// name for it ("Convolution (NHWC, QC8) IGEMM"), in which the types are. Each with microseconds, in
// the order of the steps. What the XNNPACK delegate does around its steps is in no event. It keeps
// the last 2048 events, so it is emptied before each run. Dropped here: the marks around a run
// ("Invoke", whose time is sometimes 2^32 us, "AllocateTensors", "LiteRT::Run[...]"), and a
// delegate's node, whose steps are told.
#pragma once

#include <vector>

#include "runtimes/litert/library.h"
#include "runtimes/litert/model_file.h"
#include "runtimes/runtime.h"

namespace edgeopt::runtimes::litert {

// The events of the run that just ended. Nodes are named by their first output, XNNPACK's steps by
// their number. Unsupported when there are more than the profiler keeps.
Result<std::vector<ProfileEvent>> CollectEvents(const Library& library, ProfilerT* profiler,
                                                const ModelFile& file);

}  // namespace edgeopt::runtimes::litert
