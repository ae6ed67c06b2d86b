// The order in which passes run. It is written here and nowhere else.
#pragma once

#include <span>

#include "passes/pass.h"

namespace edgeopt::passes {

// What `edgeopt simplify` and the workflow's first step run: every pass of the table.
std::span<const Pass* const> Simplify();

}  // namespace edgeopt::passes
