// The constant that makes Reshape produce a shape which is only partly known.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "passes/shape_values.h"

namespace edgeopt::passes {

// For data of dimensions `data`, the `shape` input (allowzero = 0) that gives `wanted`: a number
// where the size is one, 0 where it is the size that the data has in the same place, and -1 for at
// most one other size - or the number that follows from the balance of elements, which unlike -1 is
// valid for empty data too. In `wanted` the numbers 0 and -1 have Reshape's meaning. nullopt when
// more than one size is left.
std::optional<std::vector<int64_t>> ReshapeTarget(const Elements& wanted, const Elements& data);

}  // namespace edgeopt::passes
