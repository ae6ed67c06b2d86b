// Reading a model in order to work with it.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

// As formats::ReadOnnx. BadInput also for a constant that holds a NaN: whatever is made of such a
// model, its results mean nothing.
Result<ir::Model> OpenModel(const std::filesystem::path& path);

// BadInput naming the first constant, in subgraphs too, that holds a NaN.
Status CheckWeights(const ir::Model& model);

}  // namespace edgeopt::pipeline
