#include "passes/layout/spatial.h"

#include <algorithm>
#include <array>
#include <string>

namespace edgeopt::passes::layout {
namespace {

constexpr std::array<std::string_view, 18> kSpatial = {"AveragePool",
                                                       "BatchNormalization",
                                                       "Conv",
                                                       "ConvInteger",
                                                       "ConvTranspose",
                                                       "DepthToSpace",
                                                       "GlobalAveragePool",
                                                       "GlobalLpPool",
                                                       "GlobalMaxPool",
                                                       "GroupNormalization",
                                                       "InstanceNormalization",
                                                       "LRN",
                                                       "LpPool",
                                                       "MaxPool",
                                                       "QLinearConv",
                                                       "Resize",
                                                       "SpaceToDepth",
                                                       "Upsample"};
constexpr std::array<std::string_view, 7> kSymmetric = {
    "BatchNormalization", "GlobalAveragePool",     "GlobalLpPool", "GlobalMaxPool",
    "GroupNormalization", "InstanceNormalization", "LRN"};

bool AllAre(const std::vector<int64_t>& values, int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == wanted; });
}

bool IsPointwise(const Rewriter& rewriter, const ir::Node& node) {
  const auto& weight = rewriter.TypeOf(node.input(1)).shape;
  if (!node.Is("Conv") || !weight || weight->size() < 3) return false;
  const bool ones = std::all_of(weight->begin() + 2, weight->end(),
                                [](const ir::Dim& dim) { return dim.value == 1; });
  return ones && AllAre(node.IntsOr("strides", {}), 1) && AllAre(node.IntsOr("pads", {}), 0);
}

}  // namespace

Result<bool> IsSpatial(const Rewriter& rewriter, const ir::Node& node) {
  const bool listed = std::find(kSpatial.begin(), kSpatial.end(), node.op_type) != kSpatial.end();
  if (!listed || !node.domain.empty()) return false;
  const int64_t rank = RankOf(rewriter, node.input(0));
  const int64_t rank_behind = RankOf(rewriter, node.output(0));
  if (rank < 0 || rank_behind < 0)
    return Unsupported("node '" + node.name + "' (" + node.op_type + "): the rank of its " +
                           (rank < 0 ? "input" : "output") + " is not known",
                       "give the model's inputs fixed shapes");
  const bool more_outputs =
      node.outputs.size() > 1 &&
      std::any_of(node.outputs.begin() + 1, node.outputs.end(), [&](ir::ValueId output) {
        return output.valid() && !rewriter.graph().IsUnused(output);
      });
  return rank >= 3 && rank <= 5 && rank == rank_behind && !more_outputs;
}

bool IsSpatiallySymmetric(const Rewriter& rewriter, const ir::Node& node) {
  return std::find(kSymmetric.begin(), kSymmetric.end(), node.op_type) != kSymmetric.end() ||
         IsPointwise(rewriter, node);
}

NodeLayouts SpatialLayouts(const ir::Node& node, const Layout& layout) {
  NodeLayouts layouts = NodeLayouts::PlainOf(node);
  layouts.inputs[0] = layouts.outputs[0] = layout;
  return layouts;
}

}  // namespace edgeopt::passes::layout
