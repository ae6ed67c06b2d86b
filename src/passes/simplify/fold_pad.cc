// fold-pad: padding goes into the operator behind it.
//
// Before:   y = Conv<pads = q>(Pad(x, p, 0), W, b)
// After:    y = Conv<pads = p + q>(x, W, b)
// Before:   y = AveragePool<pads = q>(Pad(x, p, 0))
// After:    y = AveragePool<pads = p + q, count_include_pad = 1>(x)
// Before:   y = MaxPool<pads = q>(Pad(x, p, v))
// After:    y = MaxPool<pads = p + q>(x)
// Requires: the padded value is used by that operator alone; mode constant; widths constant, not
//           negative, none on the batch and channel axes; auto_pad NOTSET or VALID.
//           AveragePool: it has no padding of its own or counts it, and ceil_mode 0.
//           MaxPool: v is the type's lowest number or -inf, or v is 0 and x is the output of Relu,
//           Sigmoid, Softmax or a Clip from 0 or above; no width reaches the kernel's size, so that
//           each window sees an element of x; no dilation; ceil_mode 0; its indices are not used.
// Maths:    Conv pads with 0, a counting AveragePool too, MaxPool with less than everything.
// Numerics: exact (a kernel may sum in another order).
// Source:   ONNX operators Pad, Conv, AveragePool, MaxPool.
#include <algorithm>
#include <cmath>
#include <limits>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kAxesOfPad = 18;  // opset in which Pad got an input `axes`

class PadFolder {
 public:
  PadFolder(Rewriter& rewriter, NodeId id)
      : rewriter_(rewriter), graph_(rewriter.graph()), id_(id) {}

  void Run() {
    const Node& pad = graph_.node(id_);
    if (!pad.Is("Pad")) return;
    const NodeId user = graph_.OnlyUser(pad.output(0));
    if (!user.valid() || graph_.node(user).input(0) != pad.output(0)) return;
    const Node& target = graph_.node(user);
    if (!target.Is("Conv") && !target.Is("AveragePool") && !target.Is("MaxPool")) return;
    const std::string problem = Fold(user);
    if (!problem.empty()) rewriter_.Skip(id_, problem);
  }

 private:
  // Does it, or returns why not.
  std::string Fold(NodeId user) {
    const Node& pad = graph_.node(id_);
    const Node& target = graph_.node(user);
    if (pad.StringOr("mode", "constant") != "constant") return "it repeats or reflects the data";
    const auto spatial = SpatialPads(pad);
    if (!spatial) return "its widths are not constants on the spatial axes alone";
    const auto fill = FillOf(pad);
    if (!fill) return "its value is computed at run time";
    const std::string automatic = target.StringOr("auto_pad", "NOTSET");
    if (automatic != "NOTSET" && automatic != "VALID")
      return "what is behind it pads automatically";
    std::vector<int64_t> pads = target.IntsOr("pads", std::vector<int64_t>(spatial->size(), 0));
    if (automatic == "VALID") pads.assign(spatial->size(), 0);
    if (pads.size() != spatial->size()) return "what is behind it has another number of axes";
    const bool own_padding =
        std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
    for (size_t i = 0; i < pads.size(); ++i) pads[i] += (*spatial)[i];
    const std::string problem = target.Is("MaxPool") ? CheckMaxPool(target, pads, *fill)
                                                     : CheckZeros(target, own_padding, *fill);
    if (!problem.empty()) return problem;
    Apply(user, pads);
    return "";
  }

  // In the order of the attribute `pads`: begins of the spatial axes, then ends.
  std::optional<std::vector<int64_t>> SpatialPads(const Node& pad) const {
    const int64_t rank = rewriter_.TypeOf(pad.input(0)).rank();
    const Parameter widths = ParameterOf(rewriter_, pad, "pads", 1);
    if (rank < 3 || !widths.known) return std::nullopt;
    std::vector<int64_t> axes;
    for (int64_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
    if (rewriter_.opset() >= kAxesOfPad && pad.input(3).valid()) {
      auto given = rewriter_.IntsOf(pad.input(3));
      if (!given) return std::nullopt;
      axes = std::move(*given);
    }
    if (widths.values.size() != 2 * axes.size()) return std::nullopt;
    const auto spatial_axes = static_cast<size_t>(rank - 2);
    std::vector<int64_t> spatial(2 * spatial_axes, 0);
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto axis = NormalizedAxis(axes[i], rank);
      const int64_t begin = widths.values[i], end = widths.values[axes.size() + i];
      if (!axis || begin < 0 || end < 0) return std::nullopt;
      if (*axis < 2 && (begin != 0 || end != 0)) return std::nullopt;
      if (*axis < 2) continue;
      spatial[static_cast<size_t>(*axis) - 2] = begin;
      spatial[static_cast<size_t>(*axis) - 2 + spatial_axes] = end;
    }
    return spatial;
  }

  std::optional<double> FillOf(const Node& pad) const {
    if (pad.FindAttribute("pads")) return pad.FloatOr("value", 0);
    if (!pad.input(2).valid()) return 0.0;
    return rewriter_.ScalarOf(pad.input(2));
  }

  static std::string CheckZeros(const Node& target, bool own_padding, double fill) {
    if (fill != 0) return "its value is not 0";
    if (!target.Is("AveragePool")) return "";
    if (target.IntOr("ceil_mode", 0) != 0) return "what is behind it rounds sizes up";
    if (own_padding && target.IntOr("count_include_pad", 0) == 0)
      return "what is behind it does not count its own padding";
    return "";
  }

  std::string CheckMaxPool(const Node& target, const std::vector<int64_t>& pads,
                           double fill) const {
    const double lowest = rewriter_.ElementOf(target.input(0)) == ir::DataType::kFloat32
                              ? std::numeric_limits<float>::lowest()
                              : -std::numeric_limits<double>::infinity();
    if (fill > lowest && !(fill == 0 && IsNonNegative(graph_.node(id_).input(0))))
      return "its value may be the largest in a window";
    if (target.IntOr("ceil_mode", 0) != 0) return "what is behind it rounds sizes up";
    if (target.output(1).valid() && !graph_.IsUnused(target.output(1)))
      return "the indices of what is behind it are used";
    const std::vector<int64_t> kernel = target.IntsOr("kernel_shape", {});
    if (kernel.size() * 2 != pads.size()) return "what is behind it has another number of axes";
    for (const int64_t dilation : target.IntsOr("dilations", {}))
      if (dilation != 1) return "what is behind it is dilated";
    for (size_t i = 0; i < pads.size(); ++i)
      if (pads[i] >= kernel[i % kernel.size()]) return "it is as wide as the kernel";
    return "";
  }

  bool IsNonNegative(ValueId id) const {
    const NodeId producer = graph_.producer(id);
    if (!producer.valid()) return false;
    const Node& node = graph_.node(producer);
    if (node.Is("Relu") || node.Is("Sigmoid") || node.Is("Softmax")) return true;
    if (!node.Is("Clip")) return false;
    if (node.FindAttribute("min")) return node.FloatOr("min", -1) >= 0;
    return rewriter_.ScalarOf(node.input(1)).value_or(-1) >= 0;
  }

  void Apply(NodeId user, const std::vector<int64_t>& pads) {
    const Node& pad = graph_.node(id_);
    graph_.SetAttribute(user, {"pads", pads});
    graph_.RemoveAttribute(user, "auto_pad");
    if (graph_.node(user).Is("AveragePool"))
      graph_.SetAttribute(user, {"count_include_pad", int64_t{1}});
    graph_.SetInput(user, 0, pad.input(0));
    rewriter_.RemoveIfUnused(id_);
    rewriter_.Count();
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  NodeId id_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, NodeId id) {
    PadFolder(rewriter, id).Run();
    return OkStatus();
  });
}

}  // namespace

Pass fold_pad() { return {"fold-pad", "padding goes into the convolution or pool behind it", Run}; }

}  // namespace edgeopt::passes
