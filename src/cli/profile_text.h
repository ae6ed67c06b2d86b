// A profile (measure/profile.h, as JSON) for people.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace edgeopt::cli {

// A line per kind of kernel: "int8  60 nodes  93 % of the time", and the nodes that stayed float
// with their reasons.
std::string KernelSummary(const nlohmann::json& profile);
// The same with a table of operator types and one of the most expensive nodes.
std::string ProfileTables(const nlohmann::json& profile, size_t max_nodes);

}  // namespace edgeopt::cli
