// A model that ends earlier: for targets that can't do what comes behind.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

// `model` with these values of its main graph as its outputs, in this order, and without what only
// the old outputs needed. All inputs stay. BadInput, naming it, for a value that there is not, that
// nothing computes, or whose type is not known; Usage for one that is named twice.
Result<ir::Model> EndAt(ir::Model model, const std::vector<std::string>& names);

}  // namespace edgeopt::pipeline
