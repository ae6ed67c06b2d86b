#include "passes/quantize/constants.h"

#include "quant/fake_quant.h"
#include "quant/params.h"
#include "quant/weights.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::DataType;
using ir::Tensor;

quant::WeightLayout LayoutOf(const Tensor& weight, int64_t axis) {
  quant::WeightLayout layout;
  if (axis < 0) {
    layout.inner = static_cast<size_t>(weight.size());
    return layout;
  }
  for (int64_t i = 0; i < weight.rank(); ++i) {
    const auto dim = static_cast<size_t>(weight.dims()[static_cast<size_t>(i)]);
    (i < axis ? layout.outer : i == axis ? layout.channels : layout.inner) *= dim;
  }
  return layout;
}

quant::WeightOptions OptionsOf(bool reduced_range) {
  quant::WeightOptions options;
  options.scheme.reduced_range = reduced_range;
  return options;
}

QuantizedTensor ToTensors(const quant::QuantizedWeights& quantized, const ir::Dims& dims,
                          bool per_channel) {
  const auto channels = static_cast<int64_t>(quantized.scales.size());
  const ir::Dims scale_dims = per_channel ? ir::Dims{channels} : ir::Dims{};
  return {Tensor::Make(DataType::kInt8, dims, Buffer::FromVector(quantized.values)).value(),
          Tensor::Of(scale_dims, quantized.scales), Tensor::Zeros(DataType::kInt8, scale_dims)};
}

}  // namespace

Result<QuantizedTensor> QuantizeWeight(const Tensor& weight, int64_t axis, bool reduced_range) {
  EDGEOPT_TRY(
      const auto quantized,
      quant::QuantizeWeights(weight.as<float>(), LayoutOf(weight, axis), OptionsOf(reduced_range)));
  return ToTensors(quantized, weight.dims(), axis >= 0);
}

Result<QuantizedLayer> QuantizeLayer(const Tensor& weight, int64_t axis, bool reduced_range,
                                     const Tensor* bias, float input_scale) {
  EDGEOPT_TRY(auto quantized, quant::QuantizeWeights(weight.as<float>(), LayoutOf(weight, axis),
                                                     OptionsOf(reduced_range)));
  QuantizedLayer layer;
  if (bias != nullptr) {
    if (quant::WidenScalesForBias(bias->as<float>(), input_scale, quantized.scales) > 0)
      quant::Requantize(weight.as<float>(), quantized);
    EDGEOPT_TRY(const auto integers,
                quant::QuantizeBias(bias->as<float>(), input_scale, quantized.scales));
    layer.bias = QuantizedTensor{Tensor::Of(bias->dims(), integers.values),
                                 Tensor::Of(bias->dims(), integers.scales),
                                 Tensor::Zeros(DataType::kInt32, bias->dims())};
  }
  layer.weight = ToTensors(quantized, weight.dims(), true);
  return layer;
}

Result<QuantizedTensor> QuantizeOperand(const Tensor& constant, DataType type) {
  const auto values = constant.as<float>();
  quant::Range range;
  for (const float value : values) {
    range.min = std::min(range.min, value);
    range.max = std::max(range.max, value);
  }
  const bool is_signed = type == DataType::kInt8;
  const quant::QuantParams params =
      quant::ParamsFor(range, {is_signed ? quant::QuantType::kInt8 : quant::QuantType::kUint8});
  const auto zero_point = static_cast<uint8_t>(params.zero_point);
  std::vector<uint8_t> integers(values.size());
  if (is_signed)
    quant::QuantizeArray(values, params, reinterpret_cast<int8_t*>(integers.data()));
  else
    quant::QuantizeArray(values, params, integers.data());
  EDGEOPT_TRY(Tensor data, Tensor::Make(type, constant.dims(), Buffer::FromVector(integers)));
  EDGEOPT_TRY(Tensor zero, Tensor::Make(type, {}, Buffer::Copy(&zero_point, 1)));
  return QuantizedTensor{std::move(data), Tensor::Scalar(params.scale), std::move(zero)};
}

}  // namespace edgeopt::passes::quantize
