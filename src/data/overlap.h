// Whether two data sets share samples: calibration data must be apart from validation data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "data/dataset.h"

namespace edgeopt::data {

struct Overlap {
  int64_t shared = 0;  // samples of the first set whose content is in the second too
  int64_t first_size = 0, second_size = 0;
  std::vector<std::string> examples;  // up to 3 names of shared samples of the first set
};
// By content hash. Reads all raw samples of both, on `threads` threads.
Result<Overlap> FindOverlap(const Dataset& first, const Dataset& second, int threads = 2,
                            const CancelToken* cancel = nullptr);

// One hash for the whole: of the samples' content hashes, in order.
Result<std::string> ContentHashOfAll(const Dataset& dataset, int threads = 2,
                                     const CancelToken* cancel = nullptr);

}  // namespace edgeopt::data
