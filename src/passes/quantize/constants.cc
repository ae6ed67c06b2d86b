#include "passes/quantize/constants.h"

#include <algorithm>
#include <vector>

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

// One scale for all; T is the element type that the scheme names.
template <typename T>
Result<QuantizedTensor> PerTensor(const Tensor& constant, const quant::Scheme& scheme) {
  const auto values = constant.as<float>();
  quant::Range range;
  for (const float value : values) {
    range.min = std::min(range.min, value);
    range.max = std::max(range.max, value);
  }
  const quant::QuantParams params = quant::ParamsFor(range, scheme);
  std::vector<T> integers(values.size());
  quant::QuantizeArray(values, params, integers.data());
  return QuantizedTensor{Tensor::Of(constant.dims(), integers), Tensor::Scalar(params.scale),
                         Tensor::Scalar(static_cast<T>(params.zero_point))};
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

Tensor Corrected(const Tensor& bias, const BiasCorrection& correction,
                 const QuantizedTensor& weight) {
  const auto added = correction ? correction(weight) : std::nullopt;
  if (!added) return bias;
  const auto old = bias.as<float>();
  std::vector<float> sums(old.begin(), old.end());
  for (size_t i = 0; i < sums.size() && i < added->size(); ++i) sums[i] += (*added)[i];
  return Tensor::Of(bias.dims(), sums);
}

Result<QuantizedLayer> QuantizeLayer(const Tensor& weight, int64_t axis, bool reduced_range,
                                     const Tensor* bias, float input_scale,
                                     const BiasCorrection& correction) {
  EDGEOPT_TRY(auto quantized, quant::QuantizeWeights(weight.as<float>(), LayoutOf(weight, axis),
                                                     OptionsOf(reduced_range)));
  QuantizedLayer layer;
  layer.weight = ToTensors(quantized, weight.dims(), true);
  if (bias == nullptr) return layer;
  Tensor corrected = Corrected(*bias, correction, layer.weight);
  if (quant::WidenScalesForBias(corrected.as<float>(), input_scale, quantized.scales) > 0) {
    quant::Requantize(weight.as<float>(), quantized);
    layer.weight = ToTensors(quantized, weight.dims(), true);
    corrected = Corrected(*bias, correction, layer.weight);
  }
  EDGEOPT_TRY(const auto integers,
              quant::QuantizeBias(corrected.as<float>(), input_scale, quantized.scales));
  layer.bias = QuantizedTensor{Tensor::Of(bias->dims(), integers.values),
                               Tensor::Of(bias->dims(), integers.scales),
                               Tensor::Zeros(DataType::kInt32, bias->dims())};
  return layer;
}

Result<QuantizedTensor> QuantizeOperand(const Tensor& constant, DataType type) {
  switch (type) {
    case DataType::kInt16:
      return PerTensor<int16_t>(constant, quant::kInt16ActivationScheme);
    case DataType::kInt8:
      return PerTensor<int8_t>(constant, {quant::QuantType::kInt8});
    default:
      return PerTensor<uint8_t>(constant, {quant::QuantType::kUint8});
  }
}

}  // namespace edgeopt::passes::quantize
