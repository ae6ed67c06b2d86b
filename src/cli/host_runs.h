// `edgeopt optimize` with several hosts: a run for each, all at once.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "pipeline/run_options.h"

namespace edgeopt::cli {

// A host's name as that of a folder: "pi@board:2222" becomes "pi@board_2222".
std::string HostAsFileName(const std::string& host);

// Each host's run has a folder of its own, run.work/HostAsFileName(host), and goes on by itself
// with 'edgeopt resume' there. Pre-flight first, for all of them; then a child process of this
// program for each. A host that fails does not hinder the others; the answer tells all of them and
// fails as the worst one.
Result<Answer> RunOnHosts(const pipeline::RunOptions& run, const std::vector<std::string>& hosts,
                          Context& context);

}  // namespace edgeopt::cli
