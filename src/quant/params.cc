#include "quant/params.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeopt::quant {
namespace {

float Finite(float value) {
  constexpr float kMax = std::numeric_limits<float>::max();
  return std::isnan(value) ? 0 : std::clamp(value, -kMax, kMax);
}

}  // namespace

QuantParams ParamsFor(Range range, const Scheme& scheme) {
  const auto [qmin, qmax] = LimitsOf(scheme);
  QuantParams params{.type = scheme.type, .qmin = qmin, .qmax = qmax};
  double min = std::min(Finite(range.min), 0.0f);
  double max = std::max(Finite(range.max), 0.0f);
  if (scheme.symmetric) {
    max = std::max(-min, max);
    min = -max;
    // std::nearbyint rounds half to even in the default rounding mode: 127.5 to 128.
    params.zero_point = static_cast<int32_t>(std::nearbyint((qmin + qmax) / 2.0));
  }
  double scale = (max - min) / static_cast<double>(qmax - qmin);
  if (scale < std::numeric_limits<float>::min()) {
    scale = 1;
    min = 0;
  }
  if (!scheme.symmetric)
    params.zero_point = static_cast<int32_t>(std::nearbyint(qmin - min / scale));
  params.scale = static_cast<float>(scale);
  return params;
}

Range RepresentableRange(const QuantParams& params) {
  return {DequantizeValue(params.qmin, params), DequantizeValue(params.qmax, params)};
}

int32_t QuantizeValue(float value, const QuantParams& params) {
  if (std::isnan(value)) return params.zero_point;
  // Saturating before the zero point is added is the same, and keeps infinities and huge values out
  // of the conversion to an integer.
  const float steps = std::clamp(std::nearbyint(value / params.scale),
                                 static_cast<float>(params.qmin - params.zero_point),
                                 static_cast<float>(params.qmax - params.zero_point));
  return static_cast<int32_t>(steps) + params.zero_point;
}

float DequantizeValue(int32_t quantized, const QuantParams& params) {
  return static_cast<float>(quantized - params.zero_point) * params.scale;
}

}  // namespace edgeopt::quant
