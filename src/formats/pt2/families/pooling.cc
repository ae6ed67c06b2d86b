// Pooling over windows: data [N, C, spatial...] or without N.
#include <algorithm>
#include <cstdint>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// PyTorch's own arguments, one number per spatial axis.
struct Window {
  std::vector<int64_t> kernel, strides, pads, dilations;
  bool ceil = false;
  // How far the last windows reach behind data and padding, where they are rounded up.
  std::vector<int64_t> beyond;
  // A size that is known in a run only: the runtime rounds up.
  bool ceil_in_run = false;

  bool is_padded() const {
    return std::ranges::any_of(pads, [](int64_t pad) { return pad != 0; });
  }
  bool is_beyond() const {
    return std::ranges::any_of(beyond, [](int64_t pad) { return pad != 0; });
  }
};

// What the program says the output's size is, tells how far the windows reach.
void AddBeyond(const OperatorLowering& op, const Operand& x, Window& window) {
  const size_t spatial = window.kernel.size();
  window.beyond.assign(spatial, 0);
  if (!window.ceil) return;
  const ir::Shape out = op.OutShape();
  for (size_t i = 0; i < spatial; ++i) {
    const auto in_size = x.shape[x.shape.size() - spatial + i].value;
    const auto out_size = out.size() < spatial ? std::nullopt : out[out.size() - spatial + i].value;
    if (!in_size || !out_size || *in_size > INT32_MAX || *out_size > INT32_MAX) {
      window.ceil_in_run = true;
      continue;
    }
    const int64_t reach = window.dilations[i] * (window.kernel[i] - 1) + 1;
    const int64_t needed =
        (*out_size - 1) * window.strides[i] + reach - *in_size - 2 * window.pads[i];
    window.beyond[i] = std::max<int64_t>(needed, 0);
    // ONNX Runtime takes no padding as wide as the kernel.
    if (window.pads[i] + window.beyond[i] >= window.kernel[i]) window.ceil_in_run = true;
  }
  if (window.ceil_in_run) window.beyond.assign(spatial, 0);
}

Result<Window> WindowOf(OperatorLowering& op, const Operand& x, size_t spatial) {
  if (x.shape.size() != spatial + 1 && x.shape.size() != spatial + 2)
    return BadInput("its data has rank " + std::to_string(x.rank()) + "; expected " +
                    std::to_string(spatial + 1) + " or " + std::to_string(spatial + 2));
  Window window;
  EDGEOPT_TRY(window.kernel, op.Ints("kernel_size", spatial, {}));
  if (window.kernel.empty()) return BadInput("its kernel size is missing");
  EDGEOPT_TRY(window.strides, op.Ints("stride", spatial, window.kernel));
  EDGEOPT_TRY(window.pads, op.Ints("padding", spatial, std::vector<int64_t>(spatial, 0)));
  EDGEOPT_TRY(window.dilations, op.Ints("dilation", spatial, std::vector<int64_t>(spatial, 1)));
  EDGEOPT_TRY(window.ceil, op.Bool("ceil_mode", false));
  for (const auto* positive : {&window.kernel, &window.strides, &window.dilations})
    for (const int64_t value : *positive)
      if (value < 1 || value > INT32_MAX)
        return BadInput("its window has a size below 1 or beyond 2^31");
  for (const int64_t pad : window.pads)
    if (pad < 0 || pad > INT32_MAX)
      return BadInput("its padding " + std::to_string(pad) + " is negative or beyond 2^31");
  AddBeyond(op, x, window);
  return window;
}

std::vector<ir::Attribute> AttributesOf(const Window& window, bool with_pads) {
  const size_t spatial = window.kernel.size();
  std::vector<int64_t> pads(2 * spatial, 0);
  for (size_t i = 0; i < spatial; ++i) {
    if (with_pads) pads[i] = pads[spatial + i] = window.pads[i];
    pads[spatial + i] += window.beyond[i];
  }
  return {{"kernel_shape", window.kernel},
          {"strides", window.strides},
          {"pads", std::move(pads)},
          {"ceil_mode", int64_t{window.ceil_in_run}}};
}

// With N; `op_type` and attributes applied, and without N again if it was.
std::vector<ValueId> Pooled(OperatorLowering& op, const std::string& op_type, const Operand& x,
                            ValueId data, size_t spatial, size_t outputs,
                            std::vector<ir::Attribute> attributes) {
  const bool batched = x.shape.size() == spatial + 2;
  auto made =
      op.Nodes(op_type, outputs, {batched ? data : op.Unsqueeze(data, {0})}, std::move(attributes));
  if (!batched)
    for (ValueId& value : made) value = op.Squeeze(value, {0});
  return made;
}

// ONNX counts the positions of a maximum through the whole tensor, PyTorch within one channel.
Result<ValueId> WithinChannel(OperatorLowering& op, const Operand& x, ValueId indices,
                              size_t spatial) {
  int64_t plane = 1;
  for (size_t i = x.shape.size() - spatial; i < x.shape.size(); ++i) {
    if (!x.shape[i].value) return op.Unsupported("indices in a plane whose size is not known");
    if (__builtin_mul_overflow(plane, *x.shape[i].value, &plane))
      return BadInput("its data is larger than 2^63");
  }
  return op.Node("Mod", {indices, op.Scalar64(plane)});
}

template <size_t kSpatial>
Status MaxPool(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const Window window, WindowOf(op, x, kSpatial));
  auto attributes = AttributesOf(window, /*with_pads=*/true);
  attributes.push_back({"dilations", window.dilations});
  const bool indices = !op.OutUnused(1);
  const auto made = Pooled(op, "MaxPool", x, x.value, kSpatial, indices ? 2 : 1, attributes);
  EDGEOPT_CHECK_OK(op.Out(made[0]));
  if (!indices) return OkStatus();
  EDGEOPT_TRY(const ValueId within, WithinChannel(op, x, made[1], kSpatial));
  return op.Out(within, 1);
}

// Zeros around the spatial axes, which then count as data.
ValueId Padded(OperatorLowering& op, const Operand& x, const Window& window) {
  const size_t rank = x.shape.size(), spatial = window.kernel.size();
  std::vector<int64_t> pads(2 * rank, 0);
  for (size_t i = 0; i < spatial; ++i)
    pads[rank - spatial + i] = pads[2 * rank - spatial + i] = window.pads[i];
  return op.Node("Pad", {x.value, op.IntVector(pads, "pads")});
}

// The divisor is the number of elements in the window: with count_include_pad those of the padding,
// too, but never those that rounding up reaches beyond it. divisor_override replaces it.
template <size_t kSpatial>
Status AvgPool(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const Window window, WindowOf(op, x, kSpatial));
  EDGEOPT_TRY(const bool include, op.Bool("count_include_pad", true));
  EDGEOPT_TRY(const int64_t divisor, op.Int("divisor_override", 0));
  const bool whole = divisor != 0;  // each window is divided by all of its elements
  if (window.ceil_in_run && (whole || (include && window.is_padded())))
    return op.Unsupported("windows that are rounded up over sizes that are known in a run only");
  const bool pad_before = !whole && include && window.is_padded() && window.is_beyond();
  const bool counts = whole || (include && window.is_padded() && !pad_before);
  const ValueId data = pad_before ? Padded(op, x, window) : x.value;
  auto attributes = AttributesOf(window, !pad_before);
  attributes.push_back({"count_include_pad", int64_t{counts}});
  ValueId result = Pooled(op, "AveragePool", x, data, kSpatial, 1, attributes).front();
  if (whole) {
    double elements = 1;
    for (const int64_t size : window.kernel) elements *= static_cast<double>(size);
    result = op.Node("Mul", {result, op.Scalar(elements / static_cast<double>(divisor), x.type)});
  }
  return op.Out(result);
}

constexpr Rule kRules[] = {
    {.target = "aten.avg_pool1d.default", .lower = AvgPool<1>},
    {.target = "aten.avg_pool2d.default", .lower = AvgPool<2>},
    {.target = "aten.avg_pool3d.default", .lower = AvgPool<3>},
    {.target = "aten.max_pool1d.default", .lower = MaxPool<1>},
    {.target = "aten.max_pool1d_with_indices.default", .lower = MaxPool<1>},
    {.target = "aten.max_pool2d.default", .lower = MaxPool<2>},
    {.target = "aten.max_pool2d_with_indices.default", .lower = MaxPool<2>},
    {.target = "aten.max_pool3d.default", .lower = MaxPool<3>},
    {.target = "aten.max_pool3d_with_indices.default", .lower = MaxPool<3>},
};

}  // namespace

Family pooling() { return {"pooling", kRules}; }

}  // namespace edgeopt::formats::pt2
