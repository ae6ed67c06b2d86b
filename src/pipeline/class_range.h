// Whether the labels of a data set are classes of the model.
#pragma once

#include "base/result.h"
#include "data/dataset.h"
#include "ir/model.h"
#include "report/record.h"

namespace edgeopt::pipeline {

// BadInput as data::CheckLabels, where the record's metric judges classes and the model's output
// [N, classes] says how many there are. Requires inferred types.
Status CheckClassRange(const report::Record& record, const ir::Model& model,
                       const data::Dataset& validation);

}  // namespace edgeopt::pipeline
