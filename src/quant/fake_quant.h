// Arrays of the arithmetic in params.h: quantize, dequantize, and both at once. Bit-exact with
// QuantizeValue and DequantizeValue on every instruction set.
#pragma once

#include <cstdint>
#include <span>

#include "quant/params.h"

namespace edgeopt::quant {

// `to` has room for values.size() integers of params.type; 4-bit types take one byte each (int4.h
// packs them). The overload must match the type's width and sign.
void QuantizeArray(std::span<const float> values, const QuantParams& params, int8_t* to);
void QuantizeArray(std::span<const float> values, const QuantParams& params, uint8_t* to);
void QuantizeArray(std::span<const float> values, const QuantParams& params, int16_t* to);
void QuantizeArray(std::span<const float> values, const QuantParams& params, uint16_t* to);

void DequantizeArray(std::span<const int8_t> quantized, const QuantParams& params, float* to);
void DequantizeArray(std::span<const uint8_t> quantized, const QuantParams& params, float* to);
void DequantizeArray(std::span<const int16_t> quantized, const QuantParams& params, float* to);
void DequantizeArray(std::span<const uint16_t> quantized, const QuantParams& params, float* to);

// What a value is after it went through the integers. `to` may be values.data().
void FakeQuantize(std::span<const float> values, const QuantParams& params, float* to);

// Sum of (x - fake-quantized x)^2, in double.
double QuantizationNoise(std::span<const float> values, const QuantParams& params);

// Largest |x|; NaN and infinity when there is one. 0 for no value.
float AbsMax(std::span<const float> values);

}  // namespace edgeopt::quant
