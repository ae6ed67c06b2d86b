// The sliding window of a convolution or pool, and how TFLite's two paddings, SAME and VALID, and
// an explicit PAD before the operator express ONNX's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "formats/tflite/lower/lowering.h"

namespace edgeopt::formats::tflite::lower {

// Per spatial axis.
struct WindowAxis {
  int64_t kernel = 1, stride = 1, dilation = 1;
  int64_t begin = 0, end = 0;      // ONNX's pads
  std::optional<int64_t> in, out;  // sizes, where known
  int64_t extent() const { return (kernel - 1) * dilation + 1; }
};

struct Window {
  std::vector<WindowAxis> axes;
  bool ceil = false;
  bool same_upper = false;  // auto_pad: TFLite's SAME by definition
};

// Of a node in NHWC: strides, dilations, pads and auto_pad with ONNX's defaults. BadInput when a
// list has another length than the spatial axes.
Result<Window> WindowOf(const NodeLowering& node, std::vector<int64_t> kernel);

struct Padding {
  schema::Padding padding = schema::Padding::VALID;
  // Elements before and after each spatial axis that a PAD has to add; empty: no PAD.
  std::vector<std::pair<int64_t, int64_t>> explicit_pads;
};
// The cheapest form that gives the same output. Unsupported for negative pads.
Result<Padding> ChoosePadding(const Window& window);

// Writes the PAD: zeros, or the smallest number of the type (max pools).
enum class PadValue { kZero, kLowest };
Result<TensorIndex> Pad(NodeLowering& node, TensorIndex input, const Padding& padding,
                        PadValue value);

// Spatial axes in 4-D form: a window of one spatial axis gets a first one of size 1.
void MakeTwoDimensional(Window& window);
// [N, L, C] as [N, 1, L, C]; other ranks as they are.
ir::Shape WithHeight(ir::Shape shape);

}  // namespace edgeopt::formats::tflite::lower
