// Taking tensors out of an Observation, with errors that name sample and tensor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric.h"

namespace edgeopt::metrics {

// The output of that name; for an empty name the only output. BadInput when there is none.
Result<const ir::Tensor*> FindOutput(const Observation& observation, std::string_view name,
                                     int64_t sample);
// nullptr when the sample has no such target.
const ir::Tensor* FindTarget(const Observation& observation, std::string_view name);
// BadInput, listing the targets that are there, when it is missing.
Result<const ir::Tensor*> NeedTarget(const Observation& observation, std::string_view name,
                                     int64_t sample);

// The elements as float. BadInput on NaN. `what` is "output" or "target".
Result<std::vector<float>> Numbers(const ir::Tensor& tensor, std::string_view what, int64_t sample);
// The elements of an integer target; `count` of them unless that is negative.
Result<std::vector<int64_t>> Integers(const ir::Tensor& tensor, int64_t count, int64_t sample);

// The dimensions without those of size 1.
ir::Dims Squeezed(const ir::Dims& dims);
// "output 'logits' of sample 3".
std::string Describe(std::string_view what, const ir::Tensor& tensor, int64_t sample);

}  // namespace edgeopt::metrics
