// Agreement with the baseline: a sample's outputs beside the baseline's outputs for the same input,
// which arrive as targets "reference:NAME".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.h"

namespace edgeopt::metrics {

struct ReferencePair {
  std::string name;  // of the output
  ir::Dims dims;
  std::vector<float> reference, output;  // of one size, not 0
};

// One pair for each output, or for the one that is named. BadInput when a reference is missing or
// its shape differs, or for NaN in either.
Result<std::vector<ReferencePair>> PairWithReference(const Observation& observation,
                                                     std::string_view output_name, int64_t sample);

}  // namespace edgeopt::metrics
