// Reading operators' parameters, whichever opset they are of, and making constants.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/model.h"
#include "passes/rewriter.h"

namespace edgeopt::passes {

// A list of integers that older opsets give as an attribute and newer ones as an input.
struct Parameter {
  bool given = false;  // false: the default applies
  bool known = true;   // false: computed at run time
  std::vector<int64_t> values;
};
Parameter ParameterOf(const Rewriter& rewriter, const ir::Node& node, std::string_view attribute,
                      size_t slot);

// Negative axes counted from the end, sorted; nullopt for one out of range or given twice.
std::optional<std::vector<int64_t>> NormalizedAxes(std::vector<int64_t> axes, int64_t rank);
// One axis in [0, rank); nullopt for one out of range.
std::optional<int64_t> NormalizedAxis(int64_t axis, int64_t rank);

// The same size for certain: equal numbers, or the same symbol.
bool SameDim(const ir::Dim& a, const ir::Dim& b);
bool SameShape(const ir::Type& a, const ir::Type& b);

// An ai.onnx operator that gives the same outputs for the same inputs each time.
bool IsDeterministic(const ir::Node& node);

// Of float16, bfloat16, float32 and float64: the largest finite and the smallest normal number.
double LargestOf(ir::DataType type);
double SmallestNormalOf(ir::DataType type);
// A tensor of `type`, one of float32, float64, float16 and bfloat16, rounded to nearest even.
// Unsupported for other types.
Result<ir::Tensor> RealTensor(ir::DataType type, ir::Dims dims, const std::vector<double>& values);
// A vector of int64.
ir::Tensor IntsTensor(const std::vector<int64_t>& values);
// Every element equals `value` (an empty tensor: no).
bool IsFilledWith(const ir::Tensor& tensor, double value);
// What `constant` becomes when it is broadcast to `type`'s shape is that shape itself, for certain:
// x op constant then has the shape of x.
bool BroadcastsInto(const ir::Tensor& constant, const ir::Type& type);

}  // namespace edgeopt::passes
