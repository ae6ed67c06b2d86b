// ConvTranspose, channels-last, as TRANSPOSE_CONV: SAME or VALID by which the same elements come
// out, and a STRIDED_SLICE where neither does. It knows neither groups nor dilations: weights that
// are zero between groups and between the elements of a dilated kernel do the same.
#include <algorithm>
#include <cstring>

#include "formats/tflite/lower/lowering.h"
#include "formats/tflite/lower/window.h"
#include "ir/permute.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

// Weights of more elements than this, of which most are zeros, are no sensible model.
constexpr int64_t kMostElements = 1 << 26;

struct Spread {
  int64_t groups = 1;
  std::vector<int64_t> dilations;
  // [C, M / groups, kH, kW] to [C, M, (kH - 1) dilation + 1, ...].
  Dims DimsOf(const Dims& dims) const {
    Dims spread = {dims[0], dims[1] * groups};
    for (size_t i = 0; i < 2; ++i) spread.push_back((dims[i + 2] - 1) * dilations[i] + 1);
    return spread;
  }
  bool changes() const { return groups != 1 || dilations != std::vector<int64_t>{1, 1}; }
};

// Each element to its place among zeros.
Result<Tensor> SpreadOut(const Tensor& weight, const Spread& spread) {
  if (!spread.changes()) return weight;
  const Dims &from = weight.dims(), to = spread.DimsOf(from);
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(to));
  if (count > kMostElements)
    return Unsupported("groups and dilations that make weights of " + std::to_string(count) +
                       " elements");
  const auto bytes = static_cast<size_t>(ir::StorageBytes(weight.type(), 1));
  std::vector<std::byte> data(static_cast<size_t>(count) * bytes, std::byte{0});
  const std::byte* source = weight.data().data();
  for (int64_t c = 0; c < from[0]; ++c) {
    const int64_t group = c / (from[0] / spread.groups);
    for (int64_t m = 0; m < from[1]; ++m)
      for (int64_t y = 0; y < from[2]; ++y)
        for (int64_t x = 0; x < from[3]; ++x, source += bytes) {
          const int64_t plane = c * to[1] + group * from[1] + m;
          const int64_t row = plane * to[2] + y * spread.dilations[0];
          const auto at = static_cast<size_t>(row * to[3] + x * spread.dilations[1]);
          std::memcpy(data.data() + at * bytes, source, bytes);
        }
  }
  return Tensor::Make(weight.type(), to, Buffer::FromVector(data));
}

class TransposedConvolution {
 public:
  explicit TransposedConvolution(NodeLowering& node) : node_(node) {}

  Status Run() {
    activation_ = node_.Activation();
    if (node_.InRank() != 4) return node_.Unsupported("other ranks than 4");
    EDGEOPT_TRY(const Dims dims, node_.InDims(1));
    EDGEOPT_TRY(window_, WindowOf(node_, {dims[2], dims[3]}));
    spread_.groups = node_.node().IntOr("group", 1);
    if (spread_.groups < 1 || dims[0] % spread_.groups != 0)
      return BadInput(std::to_string(dims[0]) + " channels do not fit " +
                      std::to_string(spread_.groups) + " groups");
    for (WindowAxis& axis : window_.axes) {
      spread_.dilations.push_back(axis.dilation);
      axis.kernel = axis.extent();
      axis.dilation = 1;
      if (!axis.in || !axis.out)
        return node_.Unsupported("a size that is known at run time only",
                                 "fix the sizes of the model's inputs with --shape");
    }
    weight_dims_ = spread_.DimsOf(dims);
    EDGEOPT_CHECK_OK(PlaceOutputs());
    const auto batch = node_.InDim(0, 0);
    if (!batch)
      return node_.Unsupported("a batch that is known at run time only",
                               "fix the sizes of the model's inputs with --shape");
    return Write(*batch);
  }

 private:
  // begin of each axis: how many of the full result's first elements are not in the output.
  Status PlaceOutputs() {
    const std::string auto_pad = node_.node().StringOr("auto_pad", "NOTSET");
    const bool shaped = node_.node().FindAttribute("output_shape") != nullptr;
    for (WindowAxis& axis : window_.axes) {
      if (auto_pad == "NOTSET" && !shaped) continue;
      const int64_t total =
          std::max<int64_t>((*axis.in - 1) * axis.stride + axis.kernel - *axis.out, 0);
      axis.begin = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
    return OkStatus();
  }

  bool IsSame(const WindowAxis& axis) const {
    const int64_t total =
        std::max<int64_t>((*axis.in - 1) * axis.stride + axis.kernel - *axis.out, 0);
    return axis.begin == total / 2 && *axis.in == (*axis.out + axis.stride - 1) / axis.stride;
  }

  Status Write(int64_t batch) {
    const bool valid = std::ranges::all_of(window_.axes, [](const WindowAxis& axis) {
      return axis.begin == 0 && *axis.out >= (*axis.in - 1) * axis.stride + axis.kernel;
    });
    const bool same =
        std::ranges::all_of(window_.axes, [this](const WindowAxis& axis) { return IsSame(axis); });
    const bool cut = !valid && !same;
    Dims made = {batch, 0, 0, weight_dims_[1]};
    for (size_t i = 0; i < 2; ++i) {
      const WindowAxis& axis = window_.axes[i];
      made[i + 1] =
          cut ? std::max(axis.begin + *axis.out, (*axis.in - 1) * axis.stride + axis.kernel)
              : *axis.out;
    }
    EDGEOPT_TRY(const TensorIndex size, node_.Ints(made, "size"));
    EDGEOPT_TRY(const TensorIndex weight, Weight());
    EDGEOPT_TRY(const TensorIndex input, node_.In(0));
    EDGEOPT_TRY(const TensorIndex bias, Bias(weight));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    TensorIndex result = output;
    if (cut) {
      EDGEOPT_TRY(result, node_.TempLike(output, ir::ToShape(made), "uncut"));
    }
    schema::TransposeConvOptionsT options;
    options.padding = same && !valid ? schema::Padding::SAME : schema::Padding::VALID;
    options.stride_h = static_cast<int32_t>(window_.axes[0].stride);
    options.stride_w = static_cast<int32_t>(window_.axes[1].stride);
    options.fused_activation_function = activation_;
    node_.file().Add(Op::TRANSPOSE_CONV, {size, weight, input, bias}, {result}, options);
    return cut ? Cut(result, output, made) : OkStatus();
  }

  Status Cut(TensorIndex from, TensorIndex output, const Dims& made) {
    std::vector<int64_t> begin(4, 0), end = made;
    for (size_t i = 0; i < 2; ++i) {
      begin[i + 1] = window_.axes[i].begin;
      end[i + 1] = window_.axes[i].begin + *window_.axes[i].out;
    }
    EDGEOPT_TRY(const TensorIndex first, node_.Ints(begin, "begin"));
    EDGEOPT_TRY(const TensorIndex last, node_.Ints(end, "end"));
    EDGEOPT_TRY(const TensorIndex step, node_.Ints({1, 1, 1, 1}, "step"));
    node_.file().Add(Op::STRIDED_SLICE, {from, first, last, step}, {output},
                     schema::StridedSliceOptionsT{});
    return OkStatus();
  }

  // [C, M, kH, kW] as [M, kH, kW, C].
  Result<TensorIndex> Weight() {
    const std::vector<int64_t> order = {1, 2, 3, 0};
    EDGEOPT_TRY(auto integers, node_.IntegerWeightIn(1, 1));
    if (integers) {
      EDGEOPT_TRY(const Tensor spread, SpreadOut(integers->tensor, spread_));
      const Tensor permuted = ir::Permuted(spread, order);
      integers->quantization->axis = 0;
      RepeatScales(*integers->quantization);
      return node_.Constant(permuted, "weights", &*integers->quantization);
    }
    const auto constant = node_.ConstantIn(1);
    if (!constant) return node_.Unsupported("weights computed at run time");
    EDGEOPT_TRY(const Tensor spread, SpreadOut(*constant, spread_));
    return node_.Weight(ir::Permuted(spread, order), "weights");
  }

  // Those of one group are those of all.
  void RepeatScales(Quantization& quantization) const {
    const size_t count = quantization.scales.size();
    if (count == 1) return;
    for (int64_t group = 1; group < spread_.groups; ++group)
      for (size_t i = 0; i < count; ++i) {
        quantization.scales.push_back(quantization.scales[i]);
        quantization.zero_points.push_back(quantization.zero_points[i]);
      }
  }

  Result<TensorIndex> Bias(TensorIndex weight) {
    const int64_t outputs = weight_dims_[1];
    return node_.quantized() ? node_.IntegerBias(2, outputs) : node_.Bias(2, outputs, weight);
  }

  NodeLowering& node_;
  Spread spread_;
  Dims weight_dims_;  // spread
  Window window_;
  schema::ActivationFunctionType activation_ = schema::ActivationFunctionType::NONE;
};

Status ConvTranspose(NodeLowering& node) { return TransposedConvolution(node).Run(); }

constexpr Rule kRules[] = {
    {.op_type = "ConvTranspose",
     .lower = ConvTranspose,
     .layout = Layout::kNhwc,
     .integer = true,
     .fuses_activation = true,
     .bias_input = 2,
     .weight_input = 1},
};

}  // namespace

Family transposed_convolution() { return {"transposed_convolution", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
