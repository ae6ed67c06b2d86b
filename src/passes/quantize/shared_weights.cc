#include "passes/quantize/shared_weights.h"

namespace edgeopt::passes::quantize {
namespace {

// Smaller ones cost less than the conversions that they would save.
constexpr int64_t kSmallBytes = 4096;

}  // namespace

std::string SharedWeightObstacle(const ir::Graph& graph, ir::ValueId weight,
                                 const std::function<bool(const ir::Use&)>& quantizes) {
  if (!weight.valid() || graph.uses(weight).size() < 2) return {};
  const auto constant = graph.ConstantOf(weight);
  if (!constant || constant->size_bytes() <= kSmallBytes) return {};
  for (const ir::Use& use : graph.uses(weight))
    if (!quantizes(use))
      return "its weight '" + graph.value(weight).name + "' is also read in float by " +
             graph.Describe(use.node);
  return {};
}

}  // namespace edgeopt::passes::quantize
