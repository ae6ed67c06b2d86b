// Fixed sizes in place of a model's dynamic dimensions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

// "input=1x3x224x224", one per input. Usage error for what is not of that form.
Result<std::map<std::string, ir::Dims>> ParseShapes(const std::vector<std::string>& texts);

// Sets the inputs' shapes. Usage error for an input that is not there, or a shape of another rank
// or with another size where the model has a fixed one.
Status FixInputShapes(ir::Model& model, const std::map<std::string, ir::Dims>& shapes);

}  // namespace edgeopt::pipeline
