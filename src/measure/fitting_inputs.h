// Random inputs of sizes that a model runs with. Many models with dynamic dimensions accept some
// sizes only (multiples of 32, more samples than a window is long), and their files do not say
// which: this finds some by trying.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtimes/runtime.h"

namespace edgeopt::measure {

// Runs the model; the outputs do not matter.
using TryInputs = std::function<Status(const std::vector<ir::Tensor>&)>;

// As RandomInputs makes them, of the first sizes that `run` accepts. Batch axes (a dynamic first
// axis, and every dimension of the same name) are 1; all other dynamic dimensions share one size,
// 224 first for images ([N, 3, H, W] and the like), else 16 first. When no size fits, the error of
// the first try.
Result<std::vector<ir::Tensor>> FittingInputs(std::span<const runtimes::TensorSpec> specs,
                                              const TryInputs& run);

// "images [1, 3, 224, 224], threshold []".
std::string DescribeShapes(std::span<const ir::Tensor> inputs);

}  // namespace edgeopt::measure
