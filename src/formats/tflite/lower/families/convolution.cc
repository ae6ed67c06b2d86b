// Conv and ConvTranspose, channels-last. TFLite has CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV and
// CONV_3D; one spatial axis is two of which the first has size 1.
#include "formats/tflite/lower/lowering.h"
#include "formats/tflite/lower/window.h"
#include "ir/permute.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

class Convolution {
 public:
  explicit Convolution(NodeLowering& node) : node_(node) {}

  Status Run() {
    activation_ = node_.Activation();
    EDGEOPT_TRY(weight_dims_, node_.InDims(1));
    EDGEOPT_TRY(window_, WindowOf(node_, {weight_dims_.begin() + 2, weight_dims_.end()}));
    group_ = node_.node().IntOr("group", 1);
    if (window_.axes.size() == 3) return Conv3d();
    if (window_.axes.size() > 2) return node_.Unsupported("more than 3 spatial axes");
    return Conv2d();
  }

 private:
  int64_t outputs() const { return weight_dims_[0]; }
  bool depthwise() const { return group_ > 1 && weight_dims_[1] == 1; }

  Status Conv2d() {
    const bool lifted = window_.axes.size() == 1;
    MakeTwoDimensional(window_);
    EDGEOPT_TRY(const Padding padding, ChoosePadding(window_));
    EDGEOPT_TRY(TensorIndex input, node_.In(0));
    if (lifted) {
      EDGEOPT_TRY(input, node_.Reshape(input, WithHeight(node_.file().ShapeOf(input)), "lifted"));
    }
    EDGEOPT_TRY(input, Pad(node_, input, padding, PadValue::kZero));
    EDGEOPT_TRY(const TensorIndex weight, Weight(lifted));
    EDGEOPT_TRY(const TensorIndex bias, Bias(weight));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    TensorIndex result = output;
    if (lifted) {
      EDGEOPT_TRY(result, node_.TempLike(output, WithHeight(node_.file().ShapeOf(output)), "conv"));
    }
    Add(padding.padding, {input, weight, bias}, result);
    return lifted ? node_.ReshapeTo(result, node_.file().ShapeOf(output), output) : OkStatus();
  }

  void Add(schema::Padding padding, std::vector<TensorIndex> inputs, TensorIndex output) {
    const auto set = [&](auto& options) {
      options.padding = padding;
      options.stride_h = static_cast<int32_t>(window_.axes[0].stride);
      options.stride_w = static_cast<int32_t>(window_.axes[1].stride);
      options.dilation_h_factor = static_cast<int32_t>(window_.axes[0].dilation);
      options.dilation_w_factor = static_cast<int32_t>(window_.axes[1].dilation);
      options.fused_activation_function = activation_;
    };
    if (depthwise()) {
      schema::DepthwiseConv2DOptionsT options;
      set(options);
      options.depth_multiplier = static_cast<int32_t>(outputs() / group_);
      node_.file().Add(Op::DEPTHWISE_CONV_2D, std::move(inputs), {output}, options);
    } else {
      schema::Conv2DOptionsT options;
      set(options);
      node_.file().Add(Op::CONV_2D, std::move(inputs), {output}, options);
    }
  }

  // [M, C/g, kH, kW] as [M, kH, kW, C/g], of a depthwise one as [1, kH, kW, M].
  Result<TensorIndex> Weight(bool lifted) {
    Dims dims = weight_dims_;
    if (lifted) dims.insert(dims.begin() + 2, 1);
    const std::vector<int64_t> order =
        depthwise() ? std::vector<int64_t>{1, 2, 3, 0} : std::vector<int64_t>{0, 2, 3, 1};
    std::optional<NodeLowering::StoredConstant> integers;
    if (node_.quantized() || group_ == 1) {  // XNNPACK has no depthwise kernel for float data
      EDGEOPT_TRY(integers, node_.IntegerWeightIn(1, 0));
    }
    if (integers) {
      EDGEOPT_TRY(const Tensor lifted_weight, integers->tensor.Reshaped(dims));
      const Tensor permuted = ir::Permuted(lifted_weight, order);
      integers->quantization->axis = depthwise() ? 3 : 0;
      return node_.Constant(permuted, "weights", &*integers->quantization);
    }
    if (const auto constant = node_.ConstantIn(1)) {
      EDGEOPT_TRY(const Tensor lifted_weight, constant->Reshaped(dims));
      const Tensor permuted = ir::Permuted(lifted_weight, order);
      return node_.Weight(permuted, "weights");
    }
    EDGEOPT_TRY(TensorIndex weight, node_.In(1));
    if (lifted) {
      EDGEOPT_TRY(weight, node_.Reshape(weight, ir::ToShape(dims), "lifted_weights"));
    }
    return node_.Transpose(weight, order, "weights");
  }

  // XNNPACK wants one.
  Result<TensorIndex> Bias(TensorIndex weight) {
    return node_.quantized() ? node_.IntegerBias(2, outputs()) : node_.Bias(2, outputs(), weight);
  }

  Status Conv3d() {
    if (group_ != 1) return node_.Unsupported("groups with three spatial axes");
    if (node_.quantized()) return node_.Unsupported("int8 with three spatial axes");
    EDGEOPT_TRY(const Padding padding, ChoosePadding(window_));
    EDGEOPT_TRY(TensorIndex input, node_.In(0));
    EDGEOPT_TRY(input, Pad(node_, input, padding, PadValue::kZero));
    const auto constant = node_.ConstantIn(1);
    if (!constant) return node_.Unsupported("weights computed at run time");
    const Tensor permuted = ir::Permuted(*constant, {2, 3, 4, 1, 0});
    EDGEOPT_TRY(const TensorIndex weight, node_.Weight(permuted, "weights"));
    EDGEOPT_TRY(const TensorIndex bias, Bias(weight));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    schema::Conv3DOptionsT options;
    options.padding = padding.padding;
    options.stride_d = static_cast<int32_t>(window_.axes[0].stride);
    options.stride_h = static_cast<int32_t>(window_.axes[1].stride);
    options.stride_w = static_cast<int32_t>(window_.axes[2].stride);
    options.dilation_d_factor = static_cast<int32_t>(window_.axes[0].dilation);
    options.dilation_h_factor = static_cast<int32_t>(window_.axes[1].dilation);
    options.dilation_w_factor = static_cast<int32_t>(window_.axes[2].dilation);
    options.fused_activation_function = activation_;
    node_.file().Add(Op::CONV_3D, {input, weight, bias}, {output}, options);
    return OkStatus();
  }

  NodeLowering& node_;
  Dims weight_dims_;
  Window window_;
  int64_t group_ = 1;
  schema::ActivationFunctionType activation_ = schema::ActivationFunctionType::NONE;
};

Status Conv(NodeLowering& node) { return Convolution(node).Run(); }

constexpr Rule kRules[] = {
    {.op_type = "Conv",
     .lower = Conv,
     .layout = Layout::kNhwc,
     .integer = true,
     .fuses_activation = true,
     .bias_input = 2,
     .weight_input = 1},
};

}  // namespace

Family convolution() { return {"convolution", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
