// The same work on several machines at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"

namespace edgeopt::cli {

// Calls `work` for each host, in a thread of its own, with a context whose notes and warnings carry
// the host's name. Progress of several at once is not shown. Returns when all are done.
void OnEachHost(const std::vector<std::string>& hosts, const Context& context,
                const std::function<void(size_t index, Context& context)>& work);

// What became of one host.
struct HostFailure {
  std::string host;
  Error error;
};
// The one whose exit code is the highest, told with its host; nullopt when there is none.
std::optional<Error> Worst(const std::vector<HostFailure>& failures);

}  // namespace edgeopt::cli
