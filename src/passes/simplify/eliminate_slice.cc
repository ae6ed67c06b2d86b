// eliminate-slice: slices of the full range go; two in a row over different axes become one.
//
// Before:   y = Slice(x, starts, ends, axes, steps)    every axis from its start to its end
// After:    x in place of y
// Before:   y = Slice(x, ...)                          some axes from their start to their end
// After:    the same without these axes
// Before:   a = Slice(x, ...);  y = Slice(a, ...)      no axis in both; a is used by such Slices
// only After:    y = Slice(x, parameters of both)           and so for each of them, until a goes
// Requires: steps are 1 (for the first). A start is the number 0; an end is not less than the size
//           of the axis: a number that large, or that very size of the same name. For the second
//           all parameters are constants, the ranks known, negative axes apart.
// Maths:    a range of all indices selects all; ranges over different axes commute.
// Numerics: exact.
// Source:   ONNX operator Slice, versions 1, 10, 11 and 13.
#include <algorithm>
#include <limits>
#include <numeric>

#include "passes/operands.h"
#include "passes/shape_values.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;

constexpr int64_t kParametersAreInputs = 10;
// What exporters write for "to the end": INT32_MAX or more, in whatever type.
constexpr int64_t kToTheEnd = std::numeric_limits<int32_t>::max();

class SliceEliminator {
 public:
  SliceEliminator(Rewriter& rewriter, NodeId id)
      : rewriter_(rewriter), graph_(rewriter.graph()), values_(rewriter), id_(id) {}

  void Run() {
    const Node& node = graph_.node(id_);
    if (!node.Is("Slice")) return;
    const std::vector<bool> full = FullRanges(node);
    const auto count = static_cast<size_t>(std::count(full.begin(), full.end(), true));
    if (count > 0 && count == full.size()) {
      rewriter_.Bypass(id_, node.output(0), node.input(0));
      return;
    }
    if (count > 0) Narrow(full);
    while (MergeWithFirst()) {
    }
  }

 private:
  struct Ranges {
    std::vector<int64_t> starts, ends, axes, steps;
  };

  // The elements of a parameter, computed ones included.
  std::optional<Elements> ElementsOf(const Node& node, const char* attribute, size_t slot) {
    const Parameter parameter = ParameterOf(rewriter_, node, attribute, slot);
    if (!parameter.given) return std::nullopt;
    if (!parameter.known) return values_.Of(node.input(slot));
    Elements elements;
    for (const int64_t value : parameter.values) elements.push_back(Element::Of(value));
    return elements;
  }

  // The axes that the node slices, in [0, rank) if `rank` is known.
  std::optional<std::vector<int64_t>> AxesOf(const Node& node, size_t count, int64_t rank) const {
    Parameter axes = ParameterOf(rewriter_, node, "axes", 3);
    if (!axes.given) {
      axes.values.resize(count);
      std::iota(axes.values.begin(), axes.values.end(), 0);
    }
    if (!axes.known || axes.values.size() != count) return std::nullopt;
    for (int64_t& axis : axes.values) {
      if (axis < 0) axis = rank < 0 ? axis : axis + rank;
      if (axis < 0 || (rank >= 0 && axis >= rank)) return std::nullopt;
    }
    return std::move(axes.values);
  }

  // For each axis that the node names, whether it takes the whole of it; empty when the parameters
  // are not known enough.
  std::vector<bool> FullRanges(const Node& node) {
    const auto starts = ElementsOf(node, "starts", 1);
    const auto ends = ElementsOf(node, "ends", 2);
    const Parameter steps = ParameterOf(rewriter_, node, "steps", 4);
    if (!starts || !ends || starts->size() != ends->size() || !steps.known) return {};
    if (steps.given && steps.values.size() != starts->size()) return {};
    const auto dims = values_.DimsOf(node.input(0));
    const auto axes = AxesOf(node, ends->size(), dims ? static_cast<int64_t>(dims->size()) : -1);
    std::vector<bool> full;
    for (size_t i = 0; i < starts->size(); ++i) {
      const Element& end = (*ends)[i];
      const Element dim = dims && axes ? (*dims)[static_cast<size_t>((*axes)[i])] : Element{};
      const bool to_the_end = (end.number && *end.number >= kToTheEnd) || end.Equals(dim) ||
                              (end.number && dim.number && *end.number >= *dim.number);
      const bool by_one = !steps.given || steps.values[i] == 1;
      full.push_back(to_the_end && by_one && (*starts)[i].number == 0);
    }
    return full;
  }

  // Leaves the axes out that are taken as a whole.
  void Narrow(const std::vector<bool>& full) {
    const auto ranges = RangesOf(graph_.node(id_));
    if (!ranges) return;
    Ranges kept;
    for (size_t i = 0; i < full.size(); ++i) {
      if (full[i]) continue;
      kept.starts.push_back(ranges->starts[i]);
      kept.ends.push_back(ranges->ends[i]);
      kept.axes.push_back(ranges->axes[i]);
      kept.steps.push_back(ranges->steps[i]);
    }
    SetRanges(kept);
    rewriter_.Count();
  }

  std::optional<Ranges> RangesOf(const Node& node) const {
    const Parameter starts = ParameterOf(rewriter_, node, "starts", 1);
    const Parameter ends = ParameterOf(rewriter_, node, "ends", 2);
    Parameter steps = ParameterOf(rewriter_, node, "steps", 4);
    if (!steps.given) steps.values.assign(starts.values.size(), 1);
    const auto axes = AxesOf(node, starts.values.size(), rewriter_.TypeOf(node.input(0)).rank());
    if (!axes || !starts.known || !ends.known || !steps.known) return std::nullopt;
    if (starts.values.size() != ends.values.size() || starts.values.size() != steps.values.size())
      return std::nullopt;
    return Ranges{starts.values, ends.values, *axes, steps.values};
  }

  // Why the Slice `user` of the output of a Slice over the ranges `first` can't take over those
  // ranges; empty when it can.
  std::string MergeObstacle(const Ranges& first, const ir::Use& use) const {
    const Node& user = graph_.node(use.node);
    if (!user.Is("Slice") || use.slot != 0) return "the Slice before it has other users";
    const auto ranges = RangesOf(user);
    if (!ranges) return "its range is computed at run time";
    for (const int64_t axis : ranges->axes)
      if (std::find(first.axes.begin(), first.axes.end(), axis) != first.axes.end())
        return "it slices the same axis as the Slice before it";
    return {};
  }

  bool MergeWithFirst() {
    const ir::ValueId between = graph_.node(id_).input(0);
    const NodeId first_id = graph_.producer(between);
    if (!first_id.valid() || !graph_.node(first_id).Is("Slice") || graph_.IsOutput(between))
      return false;
    const auto one = RangesOf(graph_.node(first_id)), two = RangesOf(graph_.node(id_));
    if (!one || !two) {
      rewriter_.Skip(id_, "its range or that of the Slice before it is computed at run time");
      return false;
    }
    for (const ir::Use& use : graph_.uses(between)) {
      std::string obstacle = MergeObstacle(*one, use);
      if (obstacle.empty()) continue;
      rewriter_.Skip(id_, std::move(obstacle));
      return false;
    }
    graph_.SetInput(id_, 0, graph_.node(first_id).input(0));
    SetRanges({Joined(one->starts, two->starts), Joined(one->ends, two->ends),
               Joined(one->axes, two->axes), Joined(one->steps, two->steps)});
    rewriter_.RemoveIfUnused(first_id);
    rewriter_.Count();
    return true;
  }

  void SetRanges(const Ranges& ranges) {
    SetParameter(1, "starts", ranges.starts);
    SetParameter(2, "ends", ranges.ends);
    SetParameter(3, "axes", ranges.axes);
    const auto& steps = ranges.steps;
    if (std::any_of(steps.begin(), steps.end(), [](int64_t step) { return step != 1; })) {
      SetParameter(4, "steps", steps);
    } else if (graph_.node(id_).inputs.size() > 4) {
      std::vector<ir::ValueId> inputs = graph_.node(id_).inputs;
      inputs.resize(4);
      graph_.SetNodeInputs(id_, std::move(inputs));
    }
  }

  static std::vector<int64_t> Joined(std::vector<int64_t> a, const std::vector<int64_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }

  void SetParameter(size_t slot, const std::string& name, const std::vector<int64_t>& values) {
    if (rewriter_.opset() < kParametersAreInputs) return graph_.SetAttribute(id_, {name, values});
    const std::string hint = graph_.value(graph_.node(id_).output(0)).name + "_" + name;
    graph_.SetInput(id_, slot, graph_.AddInitializer(hint, IntsTensor(values)));
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  ShapeValues values_;
  NodeId id_;
};

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, [](Rewriter& rewriter, NodeId id) {
    SliceEliminator(rewriter, id).Run();
    return OkStatus();
  });
}

}  // namespace

Pass eliminate_slice() {
  return {"eliminate-slice", "full-range slices are removed, slices of different axes merged", Run};
}

}  // namespace edgeopt::passes
