// A data set as models take it that fix their batch at more than one sample.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"

namespace edgeopt::data {

// How many samples the model takes at once: the first size of its first input, where the file fixes
// it and the sample has no such axis; else 1.
int64_t FixedBatch(const std::vector<InputSpec>& inputs, const Sample& sample);

// The data set in groups of that many samples, stacked, in their order; the last group is filled up
// with its last sample. Without targets: those are of single samples. `data` itself where the batch
// is 1, or where the data set is empty or its first sample can't be read, which its users tell.
std::shared_ptr<const Dataset> InBatches(std::shared_ptr<const Dataset> data,
                                         const std::vector<InputSpec>& inputs);

}  // namespace edgeopt::data
