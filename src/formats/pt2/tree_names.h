// Names of a program's outputs. Internal to formats/pt2.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace edgeopt::formats::pt2 {

// Names for `count` leaves of what forward() returns, whose tree PyTorch writes as JSON
// (torch/utils/_pytree.py, treespec_dumps, protocol 1): one tensor is "output"; the elements of a
// tuple or list are "output_0", "output_1"; members of a dict or dataclass have their keys; inside
// of each other they are joined by "_". Where the tree is of another form or has another number of
// leaves, they are "output_0" and so on. All are different.
std::vector<std::string> OutputNames(std::string_view tree, size_t count);

}  // namespace edgeopt::formats::pt2
