// The sliding window of a convolution or pool in ONNX's terms.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {

// Per spatial axis.
struct WindowAxis {
  int64_t kernel = 1, stride = 1, dilation = 1;
  std::optional<int64_t> in;  // size of the input, where known
};

// Of a [N, spatial..., C] input; BadInput for strides, dilations and kernels below 1.
Result<std::vector<WindowAxis>> WindowOf(const OperatorRaising& op, size_t input,
                                         const std::vector<int64_t>& kernel,
                                         const std::vector<int64_t>& strides,
                                         const std::vector<int64_t>& dilations);

// strides, dilations where they matter, and pads: explicit ones, and auto_pad where SAME depends on
// a size that is not known. Unsupported when it also has dilations, of which auto_pad knows
// nothing.
Result<std::vector<ir::Attribute>> AttributesOf(const OperatorRaising& op,
                                                const std::vector<WindowAxis>& window,
                                                schema::Padding padding);

// How much SAME adds before and after an axis of `in` elements.
struct Pads {
  int64_t begin = 0, end = 0;
};
Pads SamePads(const WindowAxis& axis, int64_t in);

}  // namespace edgeopt::formats::tflite::raise
