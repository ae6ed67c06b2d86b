// Constants in quantized form: the bridge from ir tensors to the arithmetic of quant/.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "ir/tensor.h"

namespace edgeopt::passes::quantize {

// A float32 tensor as integers with real = (data - zero_point) * scale.
struct QuantizedTensor {
  ir::Tensor data;        // the shape of the original
  ir::Tensor scale;       // float32, [] or [channels]
  ir::Tensor zero_point;  // type of data, shape of scale
};

// Symmetric int8 weights, one scale per index of `axis` (axis -1: one for the whole tensor).
// `reduced_range`: 7 bits, for CPUs whose 16-bit accumulation of u8 x s8 products would saturate.
// BadInput when a weight is not finite.
Result<QuantizedTensor> QuantizeWeight(const ir::Tensor& weight, int64_t axis, bool reduced_range);

// A constant operand of a quantized operator: per tensor, in the activation's type; asymmetric, but
// of int16, which is symmetric.
Result<QuantizedTensor> QuantizeOperand(const ir::Tensor& constant, ir::DataType type);

// The constants of a Conv, Gemm or MatMul.
struct QuantizedLayer {
  QuantizedTensor weight;
  std::optional<QuantizedTensor> bias;
};

// What is to be added to the bias because of how the weight was rounded; nullopt: nothing.
using BiasCorrection =
    std::function<std::optional<std::vector<float>>(const QuantizedTensor& weight)>;

// `bias` ([channels]) plus the correction.
ir::Tensor Corrected(const ir::Tensor& bias, const BiasCorrection& correction,
                     const QuantizedTensor& weight);

// The weight as by QuantizeWeight; the corrected bias ([channels], or null) as int32 with scale
// input_scale * weight scale[c] and zero point 0. Where that scale is too fine for the bias to fit
// int32, the weight's scale of the channel is widened first. `axis` is not -1.
Result<QuantizedLayer> QuantizeLayer(const ir::Tensor& weight, int64_t axis, bool reduced_range,
                                     const ir::Tensor* bias, float input_scale,
                                     const BiasCorrection& correction = {});

}  // namespace edgeopt::passes::quantize
