// MaxPool, AveragePool and LpPool, channels-last. (Global pools are reductions.)
#include <algorithm>
#include <utility>

#include "formats/tflite/lower/compose.h"
#include "formats/tflite/lower/window.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Tensor;

// How many elements of the input the average at output `index` runs over, and how many TFLite's
// padded VALID pool counts: the whole window.
double RealShare(const WindowAxis& axis, int64_t index, bool count_pads) {
  const int64_t low = count_pads ? -axis.begin : 0;
  const int64_t high = *axis.in + (count_pads ? axis.end : 0);
  int64_t count = 0;
  for (int64_t i = 0; i < axis.kernel; ++i) {
    const int64_t place = index * axis.stride - axis.begin + i * axis.dilation;
    count += place >= low && place < high ? 1 : 0;
  }
  return static_cast<double>(count) / static_cast<double>(axis.kernel);
}

bool HasPartialWindows(const Window& window, bool count_pads) {
  for (const WindowAxis& axis : window.axes)
    for (int64_t i = 0; i < *axis.out; ++i)
      if (RealShare(axis, i, count_pads) != 1) return true;
  return false;
}

void PadUpper(WindowAxis& axis) {
  const int64_t total =
      std::max<int64_t>((*axis.out - 1) * axis.stride + axis.extent() - *axis.in, 0);
  axis.begin = total / 2;
  axis.end = total - axis.begin;
}

// What every window needs to lie within the padded input.
Padding CoveringPads(Window& window) {
  Padding padding;
  for (WindowAxis& axis : window.axes) {
    if (window.same_upper) PadUpper(axis);
    const int64_t covered = (*axis.out - 1) * axis.stride + axis.extent();
    padding.explicit_pads.emplace_back(axis.begin,
                                       std::max<int64_t>(covered - *axis.in - axis.begin, 0));
  }
  const bool none = std::ranges::all_of(
      padding.explicit_pads, [](const auto& pads) { return pads.first == 0 && pads.second == 0; });
  return none ? Padding{} : padding;
}

schema::Pool2DOptionsT OptionsOf(const Window& window, schema::Padding padding) {
  schema::Pool2DOptionsT options;
  options.padding = padding;
  options.stride_h = static_cast<int32_t>(window.axes[0].stride);
  options.stride_w = static_cast<int32_t>(window.axes[1].stride);
  options.filter_height = static_cast<int32_t>(window.axes[0].kernel);
  options.filter_width = static_cast<int32_t>(window.axes[1].kernel);
  return options;
}

Status CheckForm(const NodeLowering& node, const Window& window, size_t most_axes) {
  if (window.axes.size() > most_axes)
    return node.Unsupported("more than " + std::to_string(most_axes) + " spatial axes");
  return OkStatus();
}

Status CheckKnownSizes(const NodeLowering& node, const Window& window, const char* why) {
  for (const WindowAxis& axis : window.axes)
    if (!axis.in || !axis.out)
      return node.Unsupported(why, "fix the sizes of the model's inputs with --shape");
  return OkStatus();
}

bool IsDilated(const Window& window) {
  return std::ranges::any_of(window.axes,
                             [](const WindowAxis& axis) { return axis.dilation != 1; });
}

// TFLite's windows have no dilation: the padded input with the elements of each window side by
// side, and the windows that take them.
Result<TensorIndex> SideBySide(NodeLowering& node, TensorIndex input, Window& window,
                               PadValue value) {
  EDGEOPT_TRY(input, Pad(node, input, CoveringPads(window), value));
  Composer c(node);
  for (size_t i = 0; i < window.axes.size(); ++i) {
    WindowAxis& axis = window.axes[i];
    std::vector<int32_t> places;
    for (int64_t at = 0; at < *axis.out; ++at)
      for (int64_t k = 0; k < axis.kernel; ++k)
        places.push_back(static_cast<int32_t>(at * axis.stride + k * axis.dilation));
    const auto count = static_cast<int64_t>(places.size());
    input = c.Gather(input, c.Constant(Tensor::Of({count}, places)), static_cast<int64_t>(i) + 1);
    axis = {axis.kernel, axis.kernel};
    axis.in = count;
    axis.out = count / axis.kernel;
  }
  EDGEOPT_CHECK_OK(c.status());
  window.same_upper = false;
  return input;
}

class Pooling {
 public:
  Pooling(NodeLowering& node, bool average) : node_(node), average_(average) {}

  Status Run() {
    EDGEOPT_TRY(const Window window, WindowOf(node_, node_.node().IntsOr("kernel_shape", {})));
    if (node_.has_output(1)) return node_.Unsupported("the output of indices");
    EDGEOPT_CHECK_OK(CheckForm(node_, window, 3));
    EDGEOPT_TRY(const TensorIndex input, node_.In(0));
    if (IsDilated(window)) return Dilated(window, input);
    activation_ = node_.Activation();
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    return Pool(window, input, output);
  }

 private:
  Status Pool(const Window& window, TensorIndex input, TensorIndex output) {
    return window.axes.size() == 3 ? Deep(window, input, output) : Flat(window, input, output);
  }

  Status Dilated(const Window& window, TensorIndex input) {
    EDGEOPT_CHECK_OK(CheckKnownSizes(node_, window, "a pool with dilations needs known sizes"));
    Window whole = window;
    EDGEOPT_TRY(input,
                SideBySide(node_, input, whole, average_ ? PadValue::kZero : PadValue::kLowest));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    if (!average_ || !HasPartialWindows(window, count_pads())) return Pool(whole, input, output);
    EDGEOPT_TRY(const TensorIndex pooled,
                node_.TempLike(output, node_.file().ShapeOf(output), "pooled"));
    EDGEOPT_CHECK_OK(Pool(whole, input, pooled));
    return Correct(window, pooled, output);
  }

  // Over height and width first, then over depth: maxima, sums, and the numbers of elements that
  // an average counts, are made of those along each axis.
  Status Deep(const Window& window, TensorIndex input, TensorIndex output) {
    const ir::Shape in = node_.file().ShapeOf(input), out = node_.file().ShapeOf(output);
    for (size_t i = 1; i < in.size(); ++i)
      if (!in[i].value || !out[i].value)
        return node_.Unsupported("a pool over 3 axes needs known sizes",
                                 "fix the sizes of the model's inputs with --shape");
    const ir::Dim slices = in[0].value ? ir::Dim::Of(*in[0].value * *in[1].value) : ir::Dim{};
    const auto activation = std::exchange(activation_, schema::ActivationFunctionType::NONE);
    Window flat = window;
    flat.axes.erase(flat.axes.begin());
    EDGEOPT_TRY(const TensorIndex sliced,
                node_.Reshape(input, {slices, in[2], in[3], in[4]}, "slices"));
    EDGEOPT_TRY(const TensorIndex pooled,
                node_.TempLike(output, {slices, out[2], out[3], out[4]}, "flat"));
    EDGEOPT_CHECK_OK(Flat(flat, sliced, pooled));
    const ir::Dim places = ir::Dim::Of(*out[2].value * *out[3].value);
    WindowAxis across;
    across.in = across.out = places.value;
    Window deep = window;
    deep.axes = {window.axes[0], across};
    EDGEOPT_TRY(const TensorIndex columns,
                node_.Reshape(pooled, {in[0], in[1], places, out[4]}, "columns"));
    EDGEOPT_TRY(const TensorIndex result,
                node_.TempLike(output, {out[0], out[1], places, out[4]}, "deep"));
    activation_ = activation;
    EDGEOPT_CHECK_OK(Flat(deep, columns, result));
    return node_.ReshapeTo(result, out, output);
  }

  // Over one or two axes.
  Status Flat(const Window& window, TensorIndex input, TensorIndex output) {
    window_ = window;
    const bool lifted = window_.axes.size() == 1;
    MakeTwoDimensional(window_);
    EDGEOPT_TRY(Padding padding, ChoosePadding(window_));
    // TFLite's SAME leaves pads out of the average; those of an explicit PAD count.
    if (average_ && count_pads() && padding.padding == schema::Padding::SAME) {
      EDGEOPT_CHECK_OK(PadExplicitly(padding));
    }
    const bool padded = average_ && !padding.explicit_pads.empty();
    if (padded) EDGEOPT_CHECK_OK(CheckKnownSizes(node_, window_, kPadded));
    const bool corrected = padded && HasPartialWindows(window_, count_pads());
    if (lifted) {
      EDGEOPT_TRY(input, node_.Reshape(input, WithHeight(node_.file().ShapeOf(input)), "lifted"));
    }
    EDGEOPT_TRY(input, Pad(node_, input, padding, average_ ? PadValue::kZero : PadValue::kLowest));
    const ir::Shape shape = WithHeight(node_.file().ShapeOf(output));
    TensorIndex pooled = output;
    if (lifted || corrected) {
      EDGEOPT_TRY(pooled, node_.TempLike(output, shape, "pooled"));
    }
    AddPool(padding.padding, input, pooled, !corrected);
    if (corrected) {
      TensorIndex result = output;
      if (lifted) {
        EDGEOPT_TRY(result, node_.TempLike(output, shape, "corrected"));
      }
      EDGEOPT_CHECK_OK(Correct(window_, pooled, result));
      pooled = result;
    }
    return lifted ? node_.ReshapeTo(pooled, node_.file().ShapeOf(output), output) : OkStatus();
  }

  bool count_pads() const { return node_.node().IntOr("count_include_pad", 0) != 0; }

  static constexpr const char* kPadded = "an average over padded windows needs known sizes";

  Status PadExplicitly(Padding& padding) {
    EDGEOPT_CHECK_OK(CheckKnownSizes(node_, window_, kPadded));
    padding = CoveringPads(window_);
    return OkStatus();
  }

  void AddPool(schema::Padding padding, TensorIndex input, TensorIndex output, bool fuse) {
    schema::Pool2DOptionsT options = OptionsOf(window_, padding);
    if (fuse) options.fused_activation_function = activation_;
    node_.file().Add(average_ ? Op::AVERAGE_POOL_2D : Op::MAX_POOL_2D, {input}, {output}, options);
  }

  // Each average times window size over the number of elements that ONNX counts of the window.
  Status Correct(const Window& window, TensorIndex pooled, TensorIndex output) {
    if (node_.quantized()) return node_.Unsupported("int8 averages over padded windows");
    std::vector<double> shares = {1};
    ir::Dims dims = {1};
    for (const WindowAxis& axis : window.axes) {
      std::vector<double> finer;
      for (const double share : shares)
        for (int64_t i = 0; i < *axis.out; ++i)
          finer.push_back(share * RealShare(axis, i, count_pads()));
      shares = std::move(finer);
      dims.push_back(*axis.out);
    }
    dims.push_back(1);
    std::vector<float> factors;
    for (const double share : shares) factors.push_back(static_cast<float>(1 / share));
    EDGEOPT_TRY(const TensorIndex factor, node_.Constant(Tensor::Of(dims, factors), "factors"));
    schema::MulOptionsT options;
    options.fused_activation_function = activation_;
    node_.file().Add(Op::MUL, {pooled, factor}, {output}, options);
    return OkStatus();
  }

  NodeLowering& node_;
  bool average_;
  Window window_;
  schema::ActivationFunctionType activation_ = schema::ActivationFunctionType::NONE;
};

// (sum |x|^p)^(1/p): the average over whole windows, zeros around the input, times their size.
Status LpPool(NodeLowering& node) {
  EDGEOPT_TRY(Window window, WindowOf(node, node.node().IntsOr("kernel_shape", {})));
  EDGEOPT_CHECK_OK(CheckForm(node, window, 2));
  MakeTwoDimensional(window);
  EDGEOPT_CHECK_OK(CheckKnownSizes(node, window, "a size that is known at run time only"));
  const auto power = static_cast<double>(node.node().IntOr("p", 2));
  Composer c(node);
  const TensorIndex size = c.Unary(Op::ABS, c.In(0));
  const TensorIndex powers = power == 1   ? size
                             : power == 2 ? c.Binary(Op::MUL, size, size)
                                          : c.Binary(Op::POW, size, power);
  const TensorIndex lifted = c.Reshape(powers, WithHeight(node.file().ShapeOf(powers)));
  EDGEOPT_CHECK_OK(c.status());
  const bool dilated = IsDilated(window);
  EDGEOPT_TRY(const TensorIndex padded,
              dilated ? SideBySide(node, lifted, window, PadValue::kZero)
                      : Pad(node, lifted, CoveringPads(window), PadValue::kZero));
  EDGEOPT_TRY(const TensorIndex average,
              node.TempLike(padded, WithHeight(*node.OutType().shape), "average"));
  node.file().Add(Op::AVERAGE_POOL_2D, {padded}, {average},
                  OptionsOf(window, schema::Padding::VALID));
  const auto area = static_cast<double>(window.axes[0].kernel * window.axes[1].kernel);
  TensorIndex result = c.Binary(Op::MUL, average, area);
  if (power == 2) result = c.Unary(Op::SQRT, result);
  if (power > 2) result = c.Binary(Op::POW, result, 1 / power);
  return c.FinishReshape(result);
}

Status MaxPool(NodeLowering& node) { return Pooling(node, false).Run(); }
Status AveragePool(NodeLowering& node) { return Pooling(node, true).Run(); }

constexpr Rule kRules[] = {
    {.op_type = "LpPool", .lower = LpPool, .layout = Layout::kNhwc},
    {.op_type = "MaxPool",
     .lower = MaxPool,
     .layout = Layout::kNhwc,
     .integer = true,
     .fuses_activation = true,
     .same_scale = true},
    {.op_type = "AveragePool",
     .lower = AveragePool,
     .layout = Layout::kNhwc,
     .integer = true,
     .fuses_activation = true,
     .same_scale = true},
};

}  // namespace

Family pooling() { return {"pooling", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
