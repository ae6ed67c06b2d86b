// Random numbers in place of data, for benchmarks and for the user who asks for them. Everything
// that is made from them must say so: accuracy or ranges found on random numbers mean little.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "data/dataset.h"

namespace edgeopt::data {

struct GenerateOptions {
  int64_t samples = 1;
  uint64_t seed = 1;
};
// A data set without labels whose Describe() begins with "generated". Floats are normal (mean 0,
// deviation 1), unsigned bytes 0 to 255, other integers 0 or 1 (indices that every table has),
// bools even. A dimension that is still dynamic becomes 1. Sample i depends on seed, i and the
// specs alone. Unsupported for strings.
Result<std::unique_ptr<Dataset>> Generate(std::span<const InputSpec> inputs,
                                          const GenerateOptions& options);

}  // namespace edgeopt::data
