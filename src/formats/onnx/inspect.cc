// CostOf and Inspect: ops/cost with the help of ONNX's shape inference.

#include <algorithm>

#include "formats/onnx/onnx.h"
#include "ops/sizes.h"

namespace edgeopt::formats {

ops::ModelCost CostOf(const ir::Model& model, const ops::CostOptions& options) {
  // Functions that can't be inlined are counted as operators that nobody knows.
  auto inlined = InlineFunctions(model);
  ir::Model fixed = model;
  if (inlined.ok()) fixed = *std::move(inlined);
  ops::Sizes sizes(options.sizes);
  ops::FixInputSizes(fixed, sizes);
  // Inference refuses no model; what it can't tell stays unknown.
  if (!InferTypes(fixed).ok()) return ops::Analyze(model, options);
  // Where a size of that name is still left, it is the same one.
  ops::ModelCost cost = ops::Analyze(fixed, {sizes.Named()});
  const std::vector<std::string> assumed = sizes.Assumptions();
  for (const std::string& text : assumed)
    if (std::find(cost.assumptions.begin(), cost.assumptions.end(), text) == cost.assumptions.end())
      cost.assumptions.push_back(text);
  return cost;
}

ops::Inspection Inspect(const ir::Model& model, const ops::CostOptions& options) {
  return ops::Inspect(model, CostOf(model, options));
}

}  // namespace edgeopt::formats
