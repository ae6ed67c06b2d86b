// Files that a session made on the agent's machine, for the method `built`.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "measure/agent/offered_files.h"
#include "measure/agent_types.h"

namespace edgeopt::measure {

// Offers them by their names without a folder, and says what they are. Unavailable for one that is
// gone.
Result<std::vector<BuiltFile>> OfferBuilt(const std::vector<std::filesystem::path>& files,
                                          OfferedFiles& offered);

}  // namespace edgeopt::measure
