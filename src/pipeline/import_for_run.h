// What pre-flight does with a source in a framework.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "frameworks/source.h"
#include "pipeline/preflight.h"
#include "pipeline/run_options.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// Imports the source below `folder` in the format of the run, verified on the user's data too, and
// fills in what the record says of it. Returns the file that edgeopt reads. `default_device`: the
// run's, where the user names none and the host was not asked yet.
Result<std::filesystem::path> ImportForRun(const frameworks::Source& source,
                                           const RunOptions& options, const PreflightWorld& world,
                                           const std::filesystem::path& folder,
                                           const std::string& default_device,
                                           report::Record& record);

}  // namespace edgeopt::pipeline
