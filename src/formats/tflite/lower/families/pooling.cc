// MaxPool and AveragePool, channels-last. (Global pools are reductions.)
#include <algorithm>

#include "formats/tflite/lower/lowering.h"
#include "formats/tflite/lower/window.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Tensor;

// How many elements of the input the average at output `index` runs over, and how many TFLite's
// padded VALID pool counts: the whole window.
double RealShare(const WindowAxis& axis, int64_t index, bool count_pads) {
  const int64_t first = index * axis.stride - axis.begin;
  const int64_t last = first + axis.kernel;
  const int64_t low = count_pads ? -axis.begin : 0;
  const int64_t high = *axis.in + (count_pads ? axis.end : 0);
  return static_cast<double>(std::min(last, high) - std::max(first, low)) /
         static_cast<double>(axis.kernel);
}

class Pooling {
 public:
  Pooling(NodeLowering& node, bool average) : node_(node), average_(average) {}

  Status Run() {
    activation_ = node_.Activation();
    EDGEOPT_TRY(window_, WindowOf(node_, node_.node().IntsOr("kernel_shape", {})));
    if (node_.has_output(1)) return node_.Unsupported("the output of indices");
    if (window_.axes.size() > 2) return node_.Unsupported("more than 2 spatial axes");
    for (const WindowAxis& axis : window_.axes)
      if (axis.dilation != 1) return node_.Unsupported("dilations");
    const bool lifted = window_.axes.size() == 1;
    MakeTwoDimensional(window_);
    EDGEOPT_TRY(Padding padding, ChoosePadding(window_));
    // TFLite's SAME leaves pads out of the average; those of an explicit PAD count.
    if (average_ && count_pads() && padding.padding == schema::Padding::SAME) {
      EDGEOPT_CHECK_OK(PadExplicitly(padding));
    }
    const bool padded = average_ && !padding.explicit_pads.empty();
    if (padded) EDGEOPT_CHECK_OK(CheckSizes());
    const bool corrected = padded && HasPartialWindows();
    EDGEOPT_TRY(TensorIndex input, node_.In(0));
    if (lifted) {
      EDGEOPT_TRY(input, node_.Reshape(input, WithHeight(node_.file().ShapeOf(input)), "lifted"));
    }
    EDGEOPT_TRY(input, Pad(node_, input, padding, average_ ? PadValue::kZero : PadValue::kLowest));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
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
      EDGEOPT_CHECK_OK(Correct(pooled, result));
      pooled = result;
    }
    return lifted ? node_.ReshapeTo(pooled, node_.file().ShapeOf(output), output) : OkStatus();
  }

 private:
  bool count_pads() const { return node_.node().IntOr("count_include_pad", 0) != 0; }

  // Windows of which ONNX counts a part only.
  bool HasPartialWindows() const {
    for (const WindowAxis& axis : window_.axes)
      for (int64_t i = 0; i < *axis.out; ++i)
        if (RealShare(axis, i, count_pads()) != 1) return true;
    return false;
  }

  Status CheckSizes() const {
    for (const WindowAxis& axis : window_.axes)
      if (!axis.in || !axis.out)
        return node_.Unsupported("an average over padded windows needs known sizes",
                                 "fix the sizes of the model's inputs with --shape");
    return OkStatus();
  }

  Status PadExplicitly(Padding& padding) {
    EDGEOPT_CHECK_OK(CheckSizes());
    padding = {};
    for (WindowAxis& axis : window_.axes) {
      if (window_.same_upper) PadUpper(axis);
      const int64_t covered = (*axis.out - 1) * axis.stride + axis.kernel;
      padding.explicit_pads.emplace_back(axis.begin,
                                         std::max<int64_t>(covered - *axis.in - axis.begin, 0));
    }
    return OkStatus();
  }

  static void PadUpper(WindowAxis& axis) {
    const int64_t total =
        std::max<int64_t>((*axis.out - 1) * axis.stride + axis.kernel - *axis.in, 0);
    axis.begin = total / 2;
    axis.end = total - axis.begin;
  }

  void AddPool(schema::Padding padding, TensorIndex input, TensorIndex output, bool fuse) {
    schema::Pool2DOptionsT options;
    options.padding = padding;
    options.stride_h = static_cast<int32_t>(window_.axes[0].stride);
    options.stride_w = static_cast<int32_t>(window_.axes[1].stride);
    options.filter_height = static_cast<int32_t>(window_.axes[0].kernel);
    options.filter_width = static_cast<int32_t>(window_.axes[1].kernel);
    if (fuse) options.fused_activation_function = activation_;
    node_.file().Add(average_ ? Op::AVERAGE_POOL_2D : Op::MAX_POOL_2D, {input}, {output}, options);
  }

  // Each average times window size over the number of elements that ONNX counts.
  Status Correct(TensorIndex pooled, TensorIndex output) {
    if (node_.quantized()) return node_.Unsupported("int8 averages over padded windows");
    const WindowAxis &height = window_.axes[0], &width = window_.axes[1];
    std::vector<float> factors;
    for (int64_t y = 0; y < *height.out; ++y)
      for (int64_t x = 0; x < *width.out; ++x)
        factors.push_back(static_cast<float>(
            1 / (RealShare(height, y, count_pads()) * RealShare(width, x, count_pads()))));
    EDGEOPT_TRY(const TensorIndex factor,
                node_.Constant(Tensor::Of({1, *height.out, *width.out, 1}, factors), "factors"));
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

Status MaxPool(NodeLowering& node) { return Pooling(node, false).Run(); }
Status AveragePool(NodeLowering& node) { return Pooling(node, true).Run(); }

constexpr Rule kRules[] = {
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
