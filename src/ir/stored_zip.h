// A ZIP archive in memory, its entries stored; for a few small files.
#pragma once

#include <map>
#include <string>

namespace edgeopt::ir {

// The files by name. Dates are the first that the format knows: equal files give equal bytes.
// Requires less than 4 GiB.
std::string StoredZip(const std::map<std::string, std::string>& files);

}  // namespace edgeopt::ir
