// Does data look like noise rather than like something a model was trained on?
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "data/dataset.h"

namespace edgeopt::data {

struct NoiseVerdict {
  bool noise = false;
  double correlation = 1;  // between neighbours along the best axis, median of the samples
  int64_t samples = 0;     // how many were judged; 0: nothing that could be judged
  std::string message;     // for the user; empty when not noise
};
// Looks at the inputs of up to `max_samples` samples spread over the data set. See noise.cc
// for the test, its threshold and what it can't see.
Result<NoiseVerdict> LooksLikeNoise(const Dataset& dataset, int64_t max_samples = 16);
// Of one tensor: the largest over its axes of the correlation between neighbours; nullopt where it
// can't be told (too small, constant, not numeric).
std::optional<double> NeighbourCorrelation(const ir::Tensor& tensor);

}  // namespace edgeopt::data
