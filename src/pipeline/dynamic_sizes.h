// What a target does with inputs whose sizes are open (docs/shapes.md).
#pragma once

#include <optional>

#include "data/dataset.h"
#include "ir/model.h"
#include "report/record.h"

namespace edgeopt::pipeline {

struct DynamicSizesFound {
  report::DynamicSizes told;
  bool fits_target = true;  // the target takes them without loss
};

// nullopt for a model of fixed sizes. `record` has its format; `validation` is what the run is
// measured with.
std::optional<DynamicSizesFound> FindDynamicSizes(const report::Record& record,
                                                  const ir::Model& model,
                                                  const data::Dataset& validation);

}  // namespace edgeopt::pipeline
