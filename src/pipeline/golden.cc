#include "pipeline/golden.h"

#include <algorithm>
#include <cmath>

namespace edgeopt::pipeline {
namespace {

Result<double> ErrorRatio(const ir::Tensor& expected, const ir::Tensor& found) {
  if (expected.type() != found.type() || expected.dims() != found.dims())
    return BadInput("output '" + expected.name + "' is " + std::string(ir::Name(found.type())) +
                    ir::ToString(found.dims()) + ", not " + std::string(ir::Name(expected.type())) +
                    ir::ToString(expected.dims()));
  if (expected.type() == ir::DataType::kString)
    return expected.strings() == found.strings() ? 0.0 : 1.0;
  EDGEOPT_TRY(const std::vector<double> a, expected.ToDoubles());
  EDGEOPT_TRY(const std::vector<double> b, found.ToDoubles());
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) != std::isnan(b[i]))
      return BadInput("output '" + expected.name + "' is NaN on one side only");
    if (std::isnan(a[i]) || a[i] == b[i]) continue;  // equal infinities too
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  for (const double value : a)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  return difference == 0 ? 0 : largest == 0 ? INFINITY : difference / largest;
}

}  // namespace

Result<GoldenDifference> CompareGolden(std::span<const ir::Tensor> expected,
                                       std::span<const ir::Tensor> found) {
  if (expected.size() != found.size())
    return BadInput("the model has " + std::to_string(found.size()) + " outputs, " +
                    std::to_string(expected.size()) + " were recorded");
  GoldenDifference worst;
  for (const ir::Tensor& output : expected) {
    const auto same = std::find_if(found.begin(), found.end(), [&](const ir::Tensor& candidate) {
      return candidate.name == output.name;
    });
    if (same == found.end()) return BadInput("the model has no output '" + output.name + "'");
    EDGEOPT_TRY(const double ratio, ErrorRatio(output, *same));
    if (worst.output.empty() || ratio > worst.error_ratio) worst = {output.name, ratio};
  }
  return worst;
}

}  // namespace edgeopt::pipeline
