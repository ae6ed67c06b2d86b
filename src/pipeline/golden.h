// Golden samples: recorded inputs and outputs of the packaged model, and their comparison with what
// it gives on the machine at hand.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::pipeline {

// How far outputs of one model may differ between machines, as a part of the largest magnitude of
// the output. Floats: other instruction sets add in another order; 16-bit floats round at 2^-11, in
// many layers. int8: a value on a rounding boundary falls on the other side, and so moves by a step
// of 1/255 of a range, in several layers.
inline constexpr double kFloatTolerance = 1e-3;
inline constexpr double kFloat16Tolerance = 1e-2;
inline constexpr double kInt8Tolerance = 5e-2;

struct GoldenDifference {
  std::string output;
  double error_ratio = 0;  // largest difference / largest magnitude expected
};

// The output that differs most. BadInput when names, types or shapes differ, or a value is NaN on
// one side only.
Result<GoldenDifference> CompareGolden(std::span<const ir::Tensor> expected,
                                       std::span<const ir::Tensor> found);

}  // namespace edgeopt::pipeline
