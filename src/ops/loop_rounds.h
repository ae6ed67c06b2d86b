// How often a Loop runs its body, where that is known before it runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ir/graph.h"

namespace edgeopt::ops {

// The constant that a value around the node is, if it is one.
using ConstantOf = std::function<std::optional<ir::Tensor>(ir::ValueId)>;

// The first condition is missing or constantly true, and the body gives it on or a constant true.
bool GoesOnAlways(const ir::Node& loop, const ConstantOf& constant_of);
// The trip count of a Loop that ends by it alone, or whose first condition is false: 0. nullopt
// where the number of rounds depends on data.
std::optional<int64_t> KnownRounds(const ir::Node& loop, const ConstantOf& constant_of);
// The graph of the attribute `body`; nullptr when there is none.
const ir::Graph* BodyOf(const ir::Node& loop);

}  // namespace edgeopt::ops
