// How far the outputs of two runtimes may be apart, and how that is told.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "pipeline/oracle.h"

namespace edgeopt::pipeline {

// Two runtimes add in different orders, and approximate exp and tanh differently. The worst of ten
// real networks differed by 9e-5 of its range (magika's softmax); ten times that is still far below
// the 1/255 of an int8 step.
inline constexpr double kFloatDifference = 1e-3;
// A float16 weight is off by 2^-12 of itself at most; through the some fifty layers of a deep
// network that adds up to 50 * 2^-12 = 1.2e-2 of the range if all errors have one sign.
inline constexpr double kHalfDifference = 2e-2;
// Of quantized models: where a value lies between two steps, either way to round is right, and one
// step, 1/255 of a range, may become several in the layers behind (EfficientNet-Lite0: 2e-2).
inline constexpr double kIntegerDifference = 5e-2;

// The member `verified` of an answer (docs/formats/answers.md).
nlohmann::json ToJson(const Oracle& oracle, const std::vector<OutputDifference>& differences);
nlohmann::json ToJson(const std::vector<OutputDifference>& differences, int64_t random_samples,
                      int64_t data_samples);

}  // namespace edgeopt::pipeline
