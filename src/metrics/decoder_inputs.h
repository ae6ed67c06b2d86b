// What detection decoders take out of a model's outputs, and the part that YOLO's decoders share.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "metrics/decoder.h"

namespace edgeopt::metrics {

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;  // row major
};

// An output [R, C], also with leading axes of size 1. BadInput for other shapes and NaN.
Result<Matrix> ReadMatrix(const Observation& observation, std::string_view output, int64_t sample);
// All elements of an output, whatever its axes.
Result<std::vector<float>> ReadNumbers(const Observation& observation, std::string_view output,
                                       int64_t sample);

// From centre and size to corners.
Box FromCentre(float x, float y, float width, float height);

// Appends one detection for each class of one box that scores above the threshold, or with
// `multi_label` false for the best class only. `scores` of class c is scores[c * stride] * factor.
void AppendClasses(const Box& box, const float* scores, int64_t classes, int64_t stride,
                   float factor, float threshold, bool multi_label,
                   std::vector<Detection>& candidates);

}  // namespace edgeopt::metrics
