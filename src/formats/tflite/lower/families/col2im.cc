// Col2Im: the columns of blocks, each block's elements added where they lie in the image. Where
// that is, is known beforehand: one SCATTER_ND.
//
// Source: ONNX's Col2Im (opset 18).
#include <algorithm>
#include <initializer_list>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

// Of the table of places, one int32 per element of a column.
constexpr int64_t kMostPlaces = 1 << 26;

// Per axis of the image.
struct BlockAxis {
  int64_t image = 0, block = 0, stride = 1, dilation = 1, begin = 0, end = 0;
  int64_t steps() const { return (image + begin + end - (block - 1) * dilation - 1) / stride + 1; }
};

Result<std::vector<BlockAxis>> AxesOf(const NodeLowering& node) {
  EDGEOPT_TRY(const auto image, node.IntsIn(1));
  EDGEOPT_TRY(const auto block, node.IntsIn(2));
  const size_t count = image.size();
  const auto list = [&](std::string_view name, size_t size, int64_t fallback) {
    return node.node().IntsOr(name, std::vector<int64_t>(size, fallback));
  };
  const auto strides = list("strides", count, 1), dilations = list("dilations", count, 1),
             pads = list("pads", 2 * count, 0);
  if (count == 0 || block.size() != count || strides.size() != count || dilations.size() != count ||
      pads.size() != 2 * count)
    return BadInput("its image, block, strides, dilations and pads do not have the same axes");
  std::vector<BlockAxis> axes;
  for (size_t i = 0; i < count; ++i) {
    axes.push_back({image[i], block[i], strides[i], dilations[i], pads[i], pads[i + count]});
    const BlockAxis& axis = axes.back();
    const auto fits = [](int64_t low, std::initializer_list<int64_t> numbers) {
      return std::ranges::all_of(numbers, [&](int64_t x) { return x >= low && x <= kMostPlaces; });
    };
    if (!fits(1, {axis.image, axis.block, axis.stride, axis.dilation}) ||
        !fits(0, {axis.begin, axis.end}) || axis.steps() < 1)
      return BadInput("blocks of " + std::to_string(axis.block) + " do not fit an image of " +
                      std::to_string(axis.image));
  }
  return axes;
}

// [rows, columns]: an element of the block at a step; its place in the image, -1 in the pads.
std::vector<int32_t> PlacesOf(const std::vector<BlockAxis>& axes, int64_t rows, int64_t columns) {
  std::vector<int32_t> places(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows * columns; ++i) {
    int64_t row = i / columns, column = i % columns, place = 0, scale = 1;
    for (size_t a = axes.size(); a-- > 0;) {
      const BlockAxis& axis = axes[a];
      const int64_t at =
          column % axis.steps() * axis.stride - axis.begin + row % axis.block * axis.dilation;
      column /= axis.steps();
      row /= axis.block;
      place = place < 0 || at < 0 || at >= axis.image ? -1 : place + at * scale;
      scale *= axis.image;
    }
    places[static_cast<size_t>(i)] = static_cast<int32_t>(place);
  }
  return places;
}

Status Col2Im(NodeLowering& node) {
  EDGEOPT_TRY(const Dims dims, node.InDims(0));
  EDGEOPT_TRY(const auto axes, AxesOf(node));
  int64_t elements = 1, steps = 1, pixels = 1;
  for (const BlockAxis& axis : axes) {
    elements *= axis.block;
    steps *= axis.steps();
    pixels *= axis.image;
    if (elements > kMostPlaces || steps > kMostPlaces / elements || pixels > kMostPlaces)
      return node.Unsupported("blocks of more than " + std::to_string(kMostPlaces) + " elements");
  }
  if (dims.size() != 3 || dims[1] % elements != 0 || dims[2] != steps)
    return BadInput("its input is " + ir::ToString(dims) + "; expected " +
                    std::to_string(elements) + " rows per channel and " + std::to_string(steps) +
                    " columns");
  const int64_t images = dims[0] * (dims[1] / elements);
  std::vector<int32_t> kept, targets;
  const std::vector<int32_t> places = PlacesOf(axes, elements, steps);
  for (size_t i = 0; i < places.size(); ++i)
    if (places[i] >= 0) {
      kept.push_back(static_cast<int32_t>(i));
      targets.push_back(places[i]);
    }
  const auto count = static_cast<int64_t>(kept.size());
  Composer c(node);
  const TensorIndex flat = c.Reshape(c.In(0), ir::ToShape({images, elements * steps}));
  TensorIndex rows = c.Transpose(flat, {1, 0});
  if (kept.size() != places.size()) rows = c.Gather(rows, c.Constant(Tensor::Of({count}, kept)), 0);
  const TensorIndex into = c.Constant(Tensor::Of({count, 1}, targets));
  const TensorIndex image = c.Scatter(into, rows, ir::ToShape({pixels, images}));
  return c.FinishReshape(c.Transpose(image, {1, 0}));
}

constexpr Rule kRules[] = {{.op_type = "Col2Im", .lower = Col2Im}};

}  // namespace

Family col2im() { return {"col2im", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
