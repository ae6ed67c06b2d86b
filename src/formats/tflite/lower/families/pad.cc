// Pad: by constants and by reflection as TFLite has them; by the edge's elements and around the end
// as one GATHER per padded axis.
#include <algorithm>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Tensor;

// Elements before and after an axis.
struct Amount {
  int64_t before = 0, after = 0;
};

Result<std::vector<Amount>> AmountsOf(const NodeLowering& node) {
  EDGEOPT_TRY(const auto pads, node.IntsIn(1));
  const int64_t rank = node.InRank();
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  if (node.has_input(3)) {
    EDGEOPT_TRY(axes, node.IntsIn(3));
  }
  if (pads.size() != 2 * axes.size()) return BadInput("its pads don't fit its axes");
  std::vector<Amount> amounts(static_cast<size_t>(rank));
  for (size_t i = 0; i < axes.size(); ++i) {
    EDGEOPT_TRY(const int64_t axis, node.Axis(axes[i], rank));
    if (pads[i] < 0 || pads[i + axes.size()] < 0) return node.Unsupported("negative pads");
    amounts[static_cast<size_t>(axis)] = {pads[i], pads[i + axes.size()]};
  }
  return amounts;
}

// PAD, PADV2 or MIRROR_PAD.
Status Native(NodeLowering& node, const std::vector<Amount>& amounts, bool reflect) {
  std::vector<int32_t> table;
  for (const Amount& amount : amounts) {
    table.push_back(static_cast<int32_t>(amount.before));
    table.push_back(static_cast<int32_t>(amount.after));
  }
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex paddings,
              node.Constant(Tensor::Of({node.InRank(), 2}, table), "pads"));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  if (reflect) {
    node.file().Add(Op::MIRROR_PAD, {input, paddings}, {output}, schema::MirrorPadOptionsT{});
  } else if (!node.has_input(2) || node.ScalarIn(2) == 0) {
    node.file().Add(Op::PAD, {input, paddings}, {output}, schema::PadOptionsT{});
  } else {
    EDGEOPT_TRY(const TensorIndex value, node.In(2));
    node.file().Add(Op::PADV2, {input, paddings, value}, {output}, schema::PadV2OptionsT{});
  }
  return OkStatus();
}

// Which element of an axis each of the padded axis is.
std::vector<int32_t> Sources(const Amount& amount, int64_t size, bool wrap) {
  std::vector<int32_t> sources;
  for (int64_t i = -amount.before; i < size + amount.after; ++i) {
    const int64_t source = wrap ? ((i % size) + size) % size : std::clamp<int64_t>(i, 0, size - 1);
    sources.push_back(static_cast<int32_t>(source));
  }
  return sources;
}

Status Gathered(NodeLowering& node, const std::vector<Amount>& amounts, bool wrap) {
  Composer c(node);
  TensorIndex x = c.In(0);
  for (size_t i = 0; i < amounts.size(); ++i) {
    if (amounts[i].before == 0 && amounts[i].after == 0) continue;
    const auto axis = static_cast<int64_t>(i);
    const auto size = node.InDim(0, axis);
    if (!size || *size == 0)
      return node.Unsupported("pads of the axis' own elements, whose number is not known",
                              "fix the sizes of the model's inputs with --shape");
    const auto sources = Sources(amounts[i], *size, wrap);
    x = c.Gather(x, c.Constant(Tensor::Of({static_cast<int64_t>(sources.size())}, sources)), axis);
  }
  return c.FinishReshape(x);
}

Status Pad(NodeLowering& node) {
  EDGEOPT_TRY(const auto amounts, AmountsOf(node));
  const std::string mode = node.node().StringOr("mode", "constant");
  if (mode == "constant" || mode == "reflect") return Native(node, amounts, mode == "reflect");
  if (mode == "edge" || mode == "wrap") return Gathered(node, amounts, mode == "wrap");
  return node.Unsupported("mode '" + mode + "'");
}

constexpr Rule kRules[] = {
    {.op_type = "Pad", .lower = Pad, .types = Types::kStorage, .integer = true, .same_scale = true},
};

}  // namespace

Family pad() { return {"pad", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
