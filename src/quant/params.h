// Scale and zero point, and the arithmetic of ONNX's QuantizeLinear and DequantizeLinear:
//   q = saturate(round(x / scale) + zero_point),  x = (q - zero_point) * scale,
// in float, rounding half to even.
#pragma once

#include <cstdint>

#include "quant/scheme.h"
#include "quant/statistics.h"

namespace edgeopt::quant {

struct QuantParams {
  float scale = 1;
  int32_t zero_point = 0;
  QuantType type = QuantType::kUint8;
  // Values saturate here. A runtime's QuantizeLinear saturates at the limits of the type; that is
  // the same for data inside the range that the parameters were made for.
  int32_t qmin = 0;
  int32_t qmax = 255;
  bool operator==(const QuantParams&) const = default;
};

// ONNX Runtime's formulas (compute_scale_zp), in double precision: the range is widened to zero
// and, for symmetric schemes, to both sides; scale = (max - min) / (qmax - qmin); zero point =
// round(qmin - min / scale), or the rounded middle of [qmin, qmax] for symmetric schemes. A range
// that starts at zero gets the zero point qmin: a Relu before it is redundant.
// A range without extent (all values zero), or too small for a normal float scale, gets scale 1 and
// the zero point that any range [0, x] would have. Ends that are not numbers count as zero,
// infinite ones as the largest float.
QuantParams ParamsFor(Range range, const Scheme& scheme);

// The reals that qmin and qmax stand for: what is left of the range after the zero point was
// rounded. Values within half a scale of it lose half a scale at most.
Range RepresentableRange(const QuantParams& params);

// One value. NaN becomes the zero point.
int32_t QuantizeValue(float value, const QuantParams& params);
float DequantizeValue(int32_t quantized, const QuantParams& params);

}  // namespace edgeopt::quant
