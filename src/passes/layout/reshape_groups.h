// Which axes of a reshape's input and output belong together, and what a memory order becomes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ir/type.h"
#include "passes/layout/layout.h"

namespace edgeopt::passes::layout {

// Consecutive axes of the input that become consecutive axes of the output: of equal products.
struct AxisGroup {
  std::vector<int64_t> from, to;
};
// The smallest groups that are certain; axes of size 1 are in none. Sizes that are not known match
// by name; what lies between the groups found from the left and from the right is one group, as the
// totals are equal. nullopt when a size is 0 or the shapes don't fit. [N,C,H,W] to [N,C,HW] is
// {0}{0}, {1}{1}, {2,3}{2}.
std::optional<std::vector<AxisGroup>> MatchAxes(const ir::Shape& from, const ir::Shape& to);

// The order of the output's axes for which the reshape moves nothing in memory, given the input's.
// nullopt when the axes of a group don't lie next to each other in order.
std::optional<Layout> Carried(const std::vector<AxisGroup>& groups, const Layout& layout,
                              int64_t rank, int64_t rank_behind);
// The same against the direction of the data.
std::optional<Layout> CarriedBack(const std::vector<AxisGroup>& groups, const Layout& layout,
                                  int64_t rank, int64_t rank_before);
// An order of all axes of a tensor in which `axes` lie in this order; the others have size 1 and
// may lie anywhere: channels-last where that fits.
Layout WithOnes(const std::vector<int64_t>& axes, int64_t rank);

}  // namespace edgeopt::passes::layout
