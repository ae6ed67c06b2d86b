// Parts of a tensor by ranges along an axis, windows over an axis, and parts put back.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
// Windows and places that are written out as constants.
constexpr int64_t kMostPlaces = 1 << 22;

ValueId Sliced(OperatorLowering& op, ValueId x, int64_t axis, const Size& start, const Size& end,
               int64_t step = 1) {
  const ValueId steps = step == 1 ? ir::kNoValue : op.IntVector({step}, "steps");
  return op.Node("Slice", {x, op.Vector({start}, "starts"), op.Vector({end}, "ends"),
                           op.IntVector({axis}, "axes"), steps});
}

// Negative places count from the end, and those outside are cut, in both.
Status Slice(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Size start, op.SizeOr("start", 0));
  EDGEOPT_TRY(const Size end, op.SizeOr("end", kEnd));
  EDGEOPT_TRY(const int64_t step, op.Int("step", 1));
  if (step < 1) return BadInput("its step is " + std::to_string(step));
  if (self.rank() == 0) return BadInput("a scalar has no range");
  const auto size = self.shape[static_cast<size_t>(axis)].value;
  const auto* last = std::get_if<int64_t>(&end);
  const bool whole =
      start == Size(int64_t{0}) && last != nullptr && *last >= size.value_or(kEnd) && step == 1;
  return op.Out(whole ? self.value : Sliced(op, self.value, axis, start, end, step));
}

Status Select(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Size index, op.SizeOr("index", 0));
  return op.Out(op.Node("Gather", {self.value, op.Value(index)}, {{"axis", axis}}));
}

Status Narrow(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Size start, op.SizeOr("start", 0));
  EDGEOPT_TRY(const Size length, op.SizeOr("length", 0));
  const auto known = KnownInts({start, length});
  if (!known)
    return op.Out(
        Sliced(op, self.value, axis, start, op.Node("Add", {op.Value(start), op.Value(length)})));
  constexpr int64_t kMost = kEnd / 2;
  if (std::abs(known->front() / 2) > kMost / 2 || known->back() < 0 || known->back() > kMost)
    return BadInput("its range is no range");
  const int64_t end = known->front() + known->back();
  const bool at_end = known->front() < 0 && end == 0;
  return op.Out(Sliced(op, self.value, axis, start, at_end ? kEnd : end));
}

// --- parts put back ---

// As Python's slice.indices: a place between 0 and the size.
int64_t Clamped(int64_t place, int64_t size) {
  if (place < 0) place = place < -size ? 0 : place + size;
  return std::min(place, size);
}

// x with src in the places start, start + step, ... below end of the axis: pieces joined, or, with
// steps, each place taken from where it now comes from.
Status OutReplaced(OperatorLowering& op, const Operand& x, ValueId src, int64_t axis, int64_t start,
                   int64_t end, int64_t step) {
  const auto size = x.shape[static_cast<size_t>(axis)].value;
  if (!size || *size > kMostPlaces)
    return op.Unsupported("into an axis whose size is known in a run only");
  start = Clamped(start, *size);
  end = std::max(start, Clamped(end, *size));
  if (step == 1) {
    std::vector<ValueId> parts;
    if (start > 0) parts.push_back(Sliced(op, x.value, axis, int64_t{0}, start));
    if (end > start) parts.push_back(src);
    if (end < *size) parts.push_back(Sliced(op, x.value, axis, end, kEnd));
    return op.Out(parts.size() == 1 ? parts.front() : op.Node("Concat", parts, {{"axis", axis}}));
  }
  std::vector<int64_t> places;
  for (int64_t i = 0; i < *size; ++i) {
    const bool replaced = i >= start && i < end && (i - start) % step == 0;
    places.push_back(replaced ? *size + (i - start) / step : i);
  }
  const ValueId both = op.Node("Concat", {x.value, src}, {{"axis", axis}});
  return op.Out(op.Node("Gather", {both, op.IntVector(places, "places")}, {{"axis", axis}}));
}

Status SliceScatter(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand src, op.In("src"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const int64_t start, op.Int("start", 0));
  EDGEOPT_TRY(const int64_t end, op.Int("end", kEnd));
  EDGEOPT_TRY(const int64_t step, op.Int("step", 1));
  if (step < 1 || self.rank() == 0) return BadInput("its range is no range");
  const bool whole = start == 0 && end == kEnd && step == 1;
  if (whole && src.type == self.type && src.rank() == self.rank()) return op.OutSame(src);
  return OutReplaced(op, self, op.As(src, self.type), axis, start, end, step);
}

Status SelectScatter(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand src, op.In("src"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const int64_t index, op.Int("index", 0));
  if (self.rank() == 0 || index == kEnd) return BadInput("there is no such place");
  const ValueId slice = op.Unsqueeze(op.As(src, self.type), {axis});
  return OutReplaced(op, self, slice, axis, index, index == -1 ? kEnd : index + 1, 1);
}

// self's shape with src's values.
Status Copy(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand src, op.In("src"));
  const ValueId value = op.As(src, self.type);
  if (src.shape == self.shape && (src.dims() || src.rank() == 0)) return op.Out(value);
  return op.Out(op.Node("Expand", {value, op.Vector(op.SizesOfShape(self), "shape")}));
}

// --- windows ---

// The places of `size` elements `dilation` apart, from every `step`th place on: [size, windows].
std::vector<int64_t> WindowPlaces(int64_t windows, int64_t size, int64_t step, int64_t dilation) {
  std::vector<int64_t> places;
  for (int64_t k = 0; k < size; ++k)
    for (int64_t window = 0; window < windows; ++window)
      places.push_back(window * step + k * dilation);
  return places;
}

// [..., L, ...] to [..., windows, ..., size].
Status Unfold(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dimension", 0, self.rank()));
  EDGEOPT_TRY(const int64_t size, op.Int("size", 1));
  EDGEOPT_TRY(const int64_t step, op.Int("step", 1));
  if (self.rank() == 0) return op.Unsupported("of a scalar");
  const auto length = self.shape[static_cast<size_t>(axis)].value;
  if (!length) return op.Unsupported("of an axis whose size is known in a run only");
  if (size < 1 || step < 1 || size > *length) return BadInput("its windows don't fit");
  const int64_t windows = (*length - size) / step + 1;
  if (windows > kMostPlaces / size) return op.Unsupported("into that many windows");
  const auto places = ir::Tensor::Of({size, windows}, WindowPlaces(windows, size, step, 1));
  const ValueId gathered =
      op.Node("Gather", {self.value, op.Constant(places, "windows")}, {{"axis", axis}});
  std::vector<int64_t> order;  // the window's own axis goes last
  for (int64_t i = 0; i <= self.rank(); ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  return op.Out(op.Transpose(gathered, order));
}

// Along one spatial axis of [..., L, ...]: [..., size, windows, ...].
Result<ValueId> Columns(OperatorLowering& op, ValueId x, int64_t axis, int64_t length, int64_t size,
                        int64_t step, int64_t dilation) {
  const int64_t reach = dilation * (size - 1) + 1;
  if (size < 1 || step < 1 || dilation < 1 || reach > length)
    return BadInput("its windows don't fit");
  const int64_t windows = (length - reach) / step + 1;
  if (windows > kMostPlaces / size) return op.Unsupported("into that many windows");
  const auto places = ir::Tensor::Of({size, windows}, WindowPlaces(windows, size, step, dilation));
  return op.Node("Gather", {x, op.Constant(places, "windows")}, {{"axis", axis}});
}

constexpr int64_t kMostSize = 1 << 20;

// Of nn.Unfold and nn.Fold, per spatial axis.
struct Windows {
  std::vector<int64_t> kernel, dilation, padding, stride;
};
Result<Windows> WindowsOf(OperatorLowering& op) {
  Windows windows;
  EDGEOPT_TRY(windows.kernel, op.Ints("kernel_size", 2, {}));
  EDGEOPT_TRY(windows.dilation, op.Ints("dilation", 2, {1, 1}));
  EDGEOPT_TRY(windows.padding, op.Ints("padding", 2, {0, 0}));
  EDGEOPT_TRY(windows.stride, op.Ints("stride", 2, {1, 1}));
  if (windows.kernel.size() != 2) return BadInput("its argument 'kernel_size' is missing");
  for (const auto* numbers :
       {&windows.kernel, &windows.dilation, &windows.padding, &windows.stride})
    for (const int64_t number : *numbers)
      if (number < 0 || number > kMostSize) return BadInput("its windows don't fit");
  return windows;
}

// nn.Unfold: [N, C, H, W] to [N, C * kh * kw, oh * ow].
Status ImageToColumns(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Windows windows, WindowsOf(op));
  const auto& [kernel, dilation, padding, stride] = windows;
  if (self.rank() != 4) return op.Unsupported("of rank " + std::to_string(self.rank()));
  const auto height = self.shape[2].value, width = self.shape[3].value;
  const auto channels = self.shape[1].value;
  if (!height || !width || !channels) return op.Unsupported("of sizes known in a run only");
  if (std::max({*height, *width, *channels}) > kMostSize)
    return op.Unsupported("of sizes that large");
  ValueId x = self.value;
  if (padding[0] != 0 || padding[1] != 0) {
    const std::vector<int64_t> pads = {0, 0, padding[0], padding[1], 0, 0, padding[0], padding[1]};
    x = op.Node("Pad", {x, op.IntVector(pads, "pads")});
  }
  EDGEOPT_TRY(x, Columns(op, x, 3, *width + 2 * padding[1], kernel[1], stride[1], dilation[1]));
  EDGEOPT_TRY(x, Columns(op, x, 2, *height + 2 * padding[0], kernel[0], stride[0], dilation[0]));
  // [N, C, kh, oh, kw, ow]
  x = op.Transpose(x, {0, 1, 2, 4, 3, 5});
  const Size batch = op.SizeOfAxis(self, 0);
  const ir::Shape shape = op.OutShape();
  if (shape.size() != 3 || !shape[2].value) return BadInput("its result has no such shape");
  return op.Out(op.Reshape(x, Sizes{batch, *channels * kernel[0] * kernel[1], *shape[2].value}));
}

// [C * kh * kw, 1, kh, kw]: each of a channel's kh * kw columns has its one place in the window.
Result<ValueId> OnePlaceEach(OperatorLowering& op, int64_t channels,
                             const std::vector<int64_t>& kernel, DataType type) {
  const int64_t places = kernel[0] * kernel[1];
  if (places > kMostPlaces / places || channels > kMostPlaces / (places * places))
    return op.Unsupported("of windows that large");
  std::vector<float> weights(static_cast<size_t>(channels * places * places), 0);
  for (int64_t row = 0; row < channels * places; ++row)
    weights[static_cast<size_t>(row * places + row % places)] = 1;
  const ValueId constant =
      op.Constant(ir::Tensor::Of({channels * places, 1, kernel[0], kernel[1]}, weights), "places");
  return type == DataType::kFloat32 ? constant : op.Cast(constant, type);
}

// nn.Fold: [N, C * kh * kw, oh * ow] to [N, C, H, W], where windows overlap their sum: a transposed
// convolution whose weights put each element into its place. ONNX's Col2Im begins with opset 18.
Status ColumnsToImage(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto size, op.Ints("output_size", 2, {}));
  EDGEOPT_TRY(const Windows windows, WindowsOf(op));
  const auto& [kernel, dilation, padding, stride] = windows;
  if (self.rank() != 3) return op.Unsupported("of rank " + std::to_string(self.rank()));
  if (size.size() != 2) return BadInput("its argument 'output_size' is missing");
  const auto rows = self.shape[1].value, columns = self.shape[2].value;
  if (!rows || !columns) return op.Unsupported("of sizes known in a run only");
  std::vector<int64_t> counts, rest;
  for (size_t i = 0; i < 2; ++i) {
    const int64_t reach = dilation[i] * (kernel[i] - 1) + 1;
    const int64_t room = size[i] + 2 * padding[i] - reach;
    if (size[i] < 1 || size[i] > kMostSize || kernel[i] < 1 || dilation[i] < 1 || stride[i] < 1 ||
        room < 0)
      return BadInput("its windows don't fit");
    counts.push_back(room / stride[i] + 1);
    rest.push_back(room % stride[i]);  // what no window reaches
  }
  const int64_t places = kernel[0] * kernel[1];
  if (*rows < 1 || *rows % places != 0 || *columns != counts[0] * counts[1])
    return BadInput("its columns are not those of its windows");
  const int64_t channels = *rows / places;
  EDGEOPT_TRY(const ValueId weights, OnePlaceEach(op, channels, kernel, self.type));
  const Size batch = op.SizeOfAxis(self, 0);
  const ValueId x = op.Reshape(self.value, Sizes{batch, *rows, counts[0], counts[1]});
  return op.Out(op.Node("ConvTranspose", {x, weights},
                        {{"kernel_shape", kernel},
                         {"strides", stride},
                         {"pads", std::vector{padding[0], padding[1], padding[0], padding[1]}},
                         {"dilations", dilation},
                         {"group", channels},
                         {"output_padding", rest}}));
}

constexpr Rule kRules[] = {
    {"aten.col2im.default", ColumnsToImage},
    {"aten.copy.default", Copy},
    {"aten.im2col.default", ImageToColumns},
    {"aten.narrow.default", Narrow},
    {"aten.select.int", Select},
    {"aten.select_copy.int", Select},
    {"aten.select_scatter.default", SelectScatter},
    {"aten.slice.Tensor", Slice},
    {"aten.slice_copy.Tensor", Slice},
    {"aten.slice_scatter.default", SliceScatter},
    {"aten.unfold.default", Unfold},
    {"aten.unfold_copy.default", Unfold},
};

}  // namespace

Family slicing() { return {"slicing", kRules}; }

}  // namespace edgeopt::formats::pt2
