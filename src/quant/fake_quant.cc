#include "quant/fake_quant.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quant/fake_quant.cc"
#include "hwy/foreach_target.h"  // compiles this file once for each instruction set
#include "hwy/highway.h"
#include "quant/simd_tail-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgeopt::quant::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// round(x / scale), saturated to [low, high] = [qmin, qmax] - zero_point. A true division: its
// reciprocal would round some ties the other way. NaN gives 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Steps(D d, V x, V scale, V low, V high) {
  const V number = hn::IfThenElse(hn::Eq(x, x), x, hn::Zero(d));
  return hn::Min(hn::Max(hn::Round(hn::Div(number, scale)), low), high);
}

template <typename T>
void Quantize(const float* HWY_RESTRICT values, size_t count, const QuantParams& params,
              T* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<T, decltype(d)> dt;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, params.scale);
  const auto low = hn::Set(d, static_cast<float>(params.qmin - params.zero_point));
  const auto high = hn::Set(d, static_cast<float>(params.qmax - params.zero_point));
  const auto zero_point = hn::Set(di, params.zero_point);
  for (size_t i = 0; i < count; i += lanes) {
    const auto x = LoadUpTo(d, values + i, count - i);
    const auto q = hn::Add(hn::ConvertTo(di, Steps(d, x, scale, low, high)), zero_point);
    StoreUpTo(hn::DemoteTo(dt, q), dt, to + i, count - i);
  }
}

template <typename T>
void Dequantize(const T* HWY_RESTRICT from, size_t count, const QuantParams& params,
                float* HWY_RESTRICT to) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<T, decltype(d)> dt;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, params.scale);
  const auto zero_point = hn::Set(di, params.zero_point);
  for (size_t i = 0; i < count; i += lanes) {
    const auto q = hn::PromoteTo(di, LoadUpTo(dt, from + i, count - i));
    const auto x = hn::Mul(hn::ConvertTo(d, hn::Sub(q, zero_point)), scale);
    StoreUpTo(x, d, to + i, count - i);
  }
}

// Not restricted: both may be the same array.
void Fake(const float* values, size_t count, const QuantParams& params, float* to) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, params.scale);
  const auto low = hn::Set(d, static_cast<float>(params.qmin - params.zero_point));
  const auto high = hn::Set(d, static_cast<float>(params.qmax - params.zero_point));
  for (size_t i = 0; i < count; i += lanes) {
    const auto x = LoadUpTo(d, values + i, count - i);
    // Adding zero turns the -0 of a negative value that rounds to zero into the 0 of the integer.
    const auto steps = hn::Add(Steps(d, x, scale, low, high), hn::Zero(d));
    StoreUpTo(hn::Mul(steps, scale), d, to + i, count - i);
  }
}

double Noise(const float* HWY_RESTRICT values, size_t count, const QuantParams& params) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> d;
  const size_t lanes = hn::Lanes(dd);
  const auto scale = hn::Set(d, params.scale);
  const auto low = hn::Set(d, static_cast<float>(params.qmin - params.zero_point));
  const auto high = hn::Set(d, static_cast<float>(params.qmax - params.zero_point));
  auto sum = hn::Zero(dd);
  for (size_t i = 0; i < count; i += lanes) {
    const auto x = LoadUpTo(d, values + i, count - i);  // zeros behind the end add no noise
    const auto fake = hn::Mul(Steps(d, x, scale, low, high), scale);
    const auto error = hn::Sub(hn::PromoteTo(dd, x), hn::PromoteTo(dd, fake));
    sum = hn::MulAdd(error, error, sum);
  }
  return hn::GetLane(hn::SumOfLanes(dd, sum));
}

uint32_t AbsMaxBits(const float* HWY_RESTRICT values, size_t count) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t lanes = hn::Lanes(d);
  auto max = hn::Zero(di);
  for (size_t i = 0; i < count; i += lanes)
    max = hn::Max(max, hn::BitCast(di, hn::Abs(LoadUpTo(d, values + i, count - i))));
  return static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, max)));
}

#define EDGEOPT_FOR_EACH_TYPE(F) \
  F(int8_t, Int8) F(uint8_t, Uint8) F(int16_t, Int16) F(uint16_t, Uint16)
// HWY_EXPORT takes plain functions only.
#define EDGEOPT_DEFINE(T, NAME)                                                              \
  void Quantize##NAME(const float* values, size_t count, const QuantParams& params, T* to) { \
    Quantize(values, count, params, to);                                                     \
  }                                                                                          \
  void Dequantize##NAME(const T* from, size_t count, const QuantParams& params, float* to) { \
    Dequantize(from, count, params, to);                                                     \
  }
EDGEOPT_FOR_EACH_TYPE(EDGEOPT_DEFINE)
#undef EDGEOPT_DEFINE

}  // namespace edgeopt::quant::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeopt::quant {

#define EDGEOPT_DISPATCH(T, NAME)                                                            \
  HWY_EXPORT(Quantize##NAME);                                                                \
  HWY_EXPORT(Dequantize##NAME);                                                              \
  void QuantizeArray(std::span<const float> values, const QuantParams& params, T* to) {      \
    HWY_DYNAMIC_DISPATCH(Quantize##NAME)(values.data(), values.size(), params, to);          \
  }                                                                                          \
  void DequantizeArray(std::span<const T> quantized, const QuantParams& params, float* to) { \
    HWY_DYNAMIC_DISPATCH(Dequantize##NAME)(quantized.data(), quantized.size(), params, to);  \
  }
EDGEOPT_FOR_EACH_TYPE(EDGEOPT_DISPATCH)
#undef EDGEOPT_DISPATCH

HWY_EXPORT(Fake);
HWY_EXPORT(Noise);
HWY_EXPORT(AbsMaxBits);

void FakeQuantize(std::span<const float> values, const QuantParams& params, float* to) {
  HWY_DYNAMIC_DISPATCH(Fake)(values.data(), values.size(), params, to);
}

double QuantizationNoise(std::span<const float> values, const QuantParams& params) {
  return HWY_DYNAMIC_DISPATCH(Noise)(values.data(), values.size(), params);
}

float AbsMax(std::span<const float> values) {
  return std::bit_cast<float>(HWY_DYNAMIC_DISPATCH(AbsMaxBits)(values.data(), values.size()));
}

}  // namespace edgeopt::quant
#endif  // HWY_ONCE
