// How close LiteRT has to come to a Q/DQ model whose activations are int16.
#pragma once

#include <vector>

#include "base/result.h"
#include "ir/model.h"
#include "pipeline/oracle.h"

namespace edgeopt::pipeline {

// Both runtimes have the same weights; what differs is how the layers round to int16. A layer whose
// values reach to 20 times their root mean square has 6.02 * 15 + 4.77 - 26 = 69 dB against that
// rounding, a hundred in a row 20 dB less. 40 dB, an error of a hundredth of the signal, leaves 9
// dB for the kernels' 16-bit multipliers and tables; int8 activations don't come near it.
inline constexpr double kInt16FloorDb = 40;
// An output that is small beside the range that it was calibrated for is right within a few steps,
// whatever its signal: 2.4e-4 of that range.
inline constexpr double kInt16Steps = 8;

// Values are quantized, all of them to int16. Requires inferred types.
bool HasInt16Activations(const ir::Model& model);

// BadInput names the first float output of `model` that is further off than both allow.
Status CloseInInt16(const std::vector<OutputDifference>& differences, const ir::Model& model);

}  // namespace edgeopt::pipeline
