// Resize along one axis as weights: every output element is a weighted sum of input elements.
//
// Source: ONNX's Resize (opset 19), its coordinate transformations, filters and roundings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/tflite/lower/lowering.h"

namespace edgeopt::formats::tflite::lower {

// How a node samples, the same along all axes.
struct Resampling {
  std::string mode, coordinates, rounding;  // nearest, linear, cubic; ONNX's names
  double cubic_coefficient = -0.75;
  bool exclude_outside = false, antialias = false;
  double extrapolated = 0;  // tf_crop_and_resize gives places outside of the input this value
};
Resampling ResamplingOf(const ir::Node& node);

struct ResizedAxis {
  int64_t axis = 0;           // of the channels-last data
  int64_t in = 0, out = 0;    // sizes; 0: known at run time only, and kept
  double scale = 1;           // what maps the places, not always out / in
  double begin = 0, end = 1;  // the region of interest, which tf_crop_and_resize takes
  bool whole() const { return begin == 0 && end == 1; }
  bool changes() const { return in != out || scale != 1 || !whole(); }
};
// The axes that the node names, all of them by default, in that order. Unsupported where a size,
// scale or region is known at run time only.
Result<std::vector<ResizedAxis>> ResizedAxesOf(const NodeLowering& node);

// Of mode nearest: [out], the element of the input that each output is.
std::vector<int32_t> NearestOf(const Resampling& sampling, const ResizedAxis& axis);

struct AxisWeights {
  std::vector<float> weights;  // [out, in]
  std::vector<bool> outside;   // [out]: takes the extrapolated value, all its weights are 0
};
AxisWeights WeightsOf(const Resampling& sampling, const ResizedAxis& axis);

}  // namespace edgeopt::formats::tflite::lower
