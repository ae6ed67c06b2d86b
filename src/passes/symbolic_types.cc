// For each operator below, the sizes of its output as far as they follow from those of its inputs
// (ONNX operators of these names). Two assumptions, which ONNX's own data propagation makes too:
// one symbol is one size throughout a model, and a computed element of Reshape's shape is not 0
// (which would mean "copy").
#include "passes/symbolic_types.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "passes/operands.h"
#include "passes/shape_values.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr std::array<std::string_view, 18> kBroadcasting = {
    "Add",  "And",         "Div", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual", "Max", "Mean",  "Min",     "Mod",
    "Mul",  "Or",          "Pow", "Sub",   "Sum",     "Where"};

// Equations settle in the order of the nodes; one that is found late needs another walk.
constexpr int kMostWalks = 4;

class TypeRefiner {
 public:
  explicit TypeRefiner(Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  // Whether a type changed.
  bool Run() {
    bool any = false;
    for (int walk = 0; walk < kMostWalks; ++walk) {
      ShapeValues values(rewriter_);
      values_ = &values;
      changed_ = false;
      for (const NodeId id : graph_.nodes()) Visit(graph_.node(id));
      any |= changed_;
      if (!changed_) break;
    }
    return any;
  }

 private:
  using Sizes = std::optional<Elements>;

  void Visit(const Node& node) {
    for (const ValueId output : node.outputs)
      if (output.valid()) Substitute(output);
    if (!node.domain.empty() || node.outputs.empty() || !node.outputs[0].valid()) return;
    const Sizes proven = Prove(node);
    const ir::Type& type = graph_.value(node.outputs[0]).type;
    if (!proven || !type.is_tensor() || !type.shape || type.shape->size() != proven->size()) return;
    for (size_t i = 0; i < proven->size(); ++i) Equate(node.outputs[0], i, Root((*proven)[i]));
    Substitute(node.outputs[0]);
  }

  // --- equations ---

  Element Root(Element element) const {
    while (!element.number && !element.symbol.empty()) {
      const auto found = equals_.find(element.symbol);
      if (found == equals_.end()) break;
      element = found->second;
    }
    return element;
  }

  void Equate(ValueId value, size_t axis, const Element& proven) {
    const ir::Dim dim = (*graph_.value(value).type.shape)[axis];
    const Element present = Root(ElementOf(dim));
    if (proven.unknown() || proven.Equals(present)) return;
    // Two different numbers are a contradiction: the model is wrong, or a type in it.
    if (proven.number && present.number) return;
    if (present.unknown())
      SetDim(value, axis, proven);
    else if (present.number)
      equals_[proven.symbol] = present;
    else
      equals_[present.symbol] = proven;
    changed_ = true;
  }

  void Substitute(ValueId value) {
    const ir::Type& type = graph_.value(value).type;
    if (!type.is_tensor() || !type.shape) return;
    for (size_t i = 0; i < type.shape->size(); ++i) {
      const Element present = ElementOf((*type.shape)[i]);
      const Element root = Root(present);
      if (!present.unknown() && !root.Equals(present)) SetDim(value, i, root);
    }
  }

  void SetDim(ValueId value, size_t axis, const Element& size) {
    ir::Type type = graph_.value(value).type;
    (*type.shape)[axis].value = size.number;
    (*type.shape)[axis].symbol = size.symbol;
    graph_.SetType(value, std::move(type));
    changed_ = true;
  }

  // --- what each operator proves ---

  Sizes Prove(const Node& node) {
    const std::string& op = node.op_type;
    if (std::find(kBroadcasting.begin(), kBroadcasting.end(), op) != kBroadcasting.end())
      return ProveBroadcast(node);
    if (op == "Expand") return ProveExpand(node);
    if (op == "MatMul") return ProveMatMul(node);
    if (op == "Reshape") return ProveReshape(node);
    if (op == "Slice") return ProveSlice(node);
    if (op == "Range") return ProveRange(node);
    if (op == "ConstantOfShape") return values_->Of(node.input(0));
    if (op == "Conv" || op == "MaxPool" || op == "AveragePool") return ProveWindow(node);
    return std::nullopt;
  }

  // A size of the broadcast of two.
  Element Broadcast(const Element& a, const Element& b) const {
    if (a.Equals(b) || b.number == 1) return a;
    if (a.number == 1) return b;
    if (a.number > 1) return a;
    if (b.number > 1) return b;
    if (IsCappedAt(b, a)) return a;
    if (IsCappedAt(a, b)) return b;
    return {};
  }

  // `a` is min(limit, n) with n > 0: then the broadcast of both is `limit`, also where that is 1.
  bool IsCappedAt(const Element& a, const Element& limit) const {
    const auto found = capped_.find(a.symbol);
    return !a.symbol.empty() && found != capped_.end() && Root(found->second).Equals(limit);
  }

  Elements Broadcast(const Elements& a, const Elements& b) const {
    Elements result(std::max(a.size(), b.size()));
    for (size_t i = 1; i <= result.size(); ++i)
      result[result.size() - i] = Broadcast(i <= a.size() ? a[a.size() - i] : Element::Of(1),
                                            i <= b.size() ? b[b.size() - i] : Element::Of(1));
    return result;
  }

  Sizes ProveBroadcast(const Node& node) const {
    Elements result;
    for (const ValueId input : node.inputs) {
      const Sizes dims = values_->DimsOf(input);
      if (!dims) return std::nullopt;
      result = Broadcast(result, *dims);
    }
    return result;
  }

  Sizes ProveExpand(const Node& node) {
    const Sizes dims = values_->DimsOf(node.input(0)), shape = values_->Of(node.input(1));
    return dims && shape ? Sizes(Broadcast(*dims, *shape)) : std::nullopt;
  }

  Sizes ProveMatMul(const Node& node) const {
    const Sizes a = values_->DimsOf(node.input(0)), b = values_->DimsOf(node.input(1));
    if (!a || !b || a->size() < 2 || b->size() < 2) return std::nullopt;
    Elements result =
        Broadcast(Elements(a->begin(), a->end() - 2), Elements(b->begin(), b->end() - 2));
    result.push_back((*a)[a->size() - 2]);
    result.push_back(b->back());
    return result;
  }

  Sizes ProveReshape(const Node& node) {
    const Sizes data = values_->DimsOf(node.input(0)), shape = values_->Of(node.input(1));
    if (!data || !shape || node.IntOr("allowzero", 0) != 0) return std::nullopt;
    Elements result = *shape;
    std::optional<size_t> open;
    for (size_t i = 0; i < result.size(); ++i) {
      if (result[i].number == 0 && i < data->size()) result[i] = (*data)[i];
      if (result[i].number == -1) open = i, result[i] = {};
    }
    if (open) result[*open] = Quotient(*data, result, *open);
    return result;
  }

  // The size at `open` from the balance of elements: what is left of the data's sizes when those of
  // the result are taken out.
  static Element Quotient(Elements data, const Elements& result, size_t open) {
    int64_t divisor = 1;
    for (size_t i = 0; i < result.size(); ++i) {
      if (i == open) continue;
      const Element& size = result[i];
      const auto same = std::find_if(data.begin(), data.end(), [&](const Element& d) {
        return !size.symbol.empty() && d.Equals(size);
      });
      if (same != data.end())
        data.erase(same);
      else if (!size.number || *size.number <= 0 ||
               __builtin_mul_overflow(divisor, *size.number, &divisor))
        return {};
    }
    int64_t product = 1;
    Element symbol;
    for (const Element& size : data) {
      if (size.number) {
        if (__builtin_mul_overflow(product, *size.number, &product)) return {};
      } else if (symbol.unknown()) {
        symbol = size;
      } else {
        return {};
      }
    }
    if (symbol.unknown()) return product % divisor == 0 ? Element::Of(product / divisor) : symbol;
    return product == divisor ? symbol : Element{};
  }

  Sizes ProveSlice(const Node& node) {
    const Sizes data = values_->DimsOf(node.input(0));
    const Sizes starts = values_->Of(node.input(1)), ends = values_->Of(node.input(2));
    const Parameter axes = ParameterOf(rewriter_, node, "axes", 3);
    const Parameter steps = ParameterOf(rewriter_, node, "steps", 4);
    if (!data || !starts || !ends || !axes.known || !steps.known) return std::nullopt;
    const auto rank = static_cast<int64_t>(data->size());
    if (starts->size() > data->size() || ends->size() != starts->size()) return std::nullopt;
    if (axes.given && axes.values.size() != starts->size()) return std::nullopt;
    Elements result = *data;
    for (size_t i = 0; i < starts->size(); ++i) {
      const auto axis = NormalizedAxis(axes.given ? axes.values[i] : static_cast<int64_t>(i), rank);
      if (!axis) return std::nullopt;
      Element& size = result[static_cast<size_t>(*axis)];
      const bool plain = (*starts)[i].number == 0 && (!steps.given || steps.values[i] == 1);
      if (plain && (*ends)[i].Equals(size)) continue;
      if (plain && !(*ends)[i].symbol.empty() && size.number > 0)
        RememberCap(node.outputs[0], static_cast<size_t>(*axis), (*ends)[i]);
      size = {};
    }
    return result;
  }

  // The size of the output at `axis` is min(limit, a number above 0).
  void RememberCap(ValueId output, size_t axis, const Element& limit) {
    const ir::Type& type = graph_.value(output).type;
    if (!type.shape || axis >= type.shape->size()) return;
    const std::string& symbol = (*type.shape)[axis].symbol;
    if (!symbol.empty()) capped_[symbol] = limit;
  }

  Sizes ProveRange(const Node& node) {
    const Sizes start = values_->Of(node.input(0)), limit = values_->Of(node.input(1)),
                step = values_->Of(node.input(2));
    if (!start || !limit || !step || (*start)[0].number != 0 || (*step)[0].number != 1)
      return std::nullopt;
    return (*limit)[0].number ? std::nullopt : limit;
  }

  // A window that moves by one over data padded by what it is wider than one.
  Sizes ProveWindow(const Node& node) {
    const Sizes data = values_->DimsOf(node.input(0));
    std::vector<int64_t> kernel = node.IntsOr("kernel_shape", {});
    if (kernel.empty() && node.Is("Conv")) {
      const auto weight = rewriter_.TypeOf(node.input(1)).static_dims();
      if (weight && weight->size() > 2) kernel.assign(weight->begin() + 2, weight->end());
    }
    const size_t axes = kernel.size();
    if (!data || data->size() != axes + 2) return std::nullopt;
    const std::string automatic = node.StringOr("auto_pad", "NOTSET");
    const auto strides = node.IntsOr("strides", std::vector<int64_t>(axes, 1));
    const auto dilations = node.IntsOr("dilations", std::vector<int64_t>(axes, 1));
    const auto pads = node.IntsOr("pads", std::vector<int64_t>(2 * axes, 0));
    if (strides.size() != axes || dilations.size() != axes || pads.size() != 2 * axes)
      return std::nullopt;
    Elements result(data->size());
    for (size_t i = 0; i < axes; ++i) {
      const bool same =
          automatic == "SAME_UPPER" || automatic == "SAME_LOWER" ||
          (automatic == "NOTSET" && pads[i] + pads[axes + i] == dilations[i] * (kernel[i] - 1));
      if (same && strides[i] == 1) result[i + 2] = (*data)[i + 2];
    }
    return result;
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  ShapeValues* values_ = nullptr;
  std::unordered_map<std::string, Element> equals_, capped_;
  bool changed_ = false;
};

}  // namespace

Status RefineTypes(ir::Model& model, const Context& context) {
  const auto refined = OverGraphs(model, context, [](Rewriter& rewriter) {
    // Counted, so that a changed subgraph is put back.
    if (TypeRefiner(rewriter).Run() && !rewriter.is_main_graph()) rewriter.Count();
    return OkStatus();
  });
  return refined.ok() ? OkStatus() : Status(refined.error());
}

}  // namespace edgeopt::passes
