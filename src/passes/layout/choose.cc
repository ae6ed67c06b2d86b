// A value is written in the layout that its producer's label says, and read in those that its
// users' labels say. For each layout that is read but not written there is one Transpose, shared by
// all who read it, which costs the bytes of the value. The sum is minimized by a cut: the source's
// side is label 1 (the candidate's layouts), the sink's label 0 (plain).
//
// For a producer p with layout P and the users u that read in layout Q if labelled 1:
//   Q = P:     one Transpose if p = 0 and some u = 1:   u -> any (infinite), any -> p (cost)
//   Q other:   one Transpose if some u = 1:             u -> any (infinite), any -> sink (cost)
//   plain:     one Transpose if p = 1 and some u = 0:   p -> any (cost), any -> u (infinite)
// Nothing leads out of or into a layout with parts: such edges are infinite.
#include "passes/layout/choose.h"

#include <algorithm>
#include <set>
#include <utility>

#include "passes/layout/min_cut.h"

namespace edgeopt::passes::layout {
namespace {

using ir::NodeId;
using ir::ValueId;

// Costs are bytes; of two equal ones that with fewer Transposes is taken.
constexpr int64_t kPerByte = 1 << 16;
constexpr int64_t kMostBytes = int64_t{1} << 34;
// Sizes that are not known: one example at a time on the first axis, and for others the side of a
// feature map halfway (in powers of two) between an image of 224 and the 7 before the last pool.
constexpr int64_t kBatch = 1, kSide = 40;

class Chooser {
 public:
  Chooser(const Rewriter& rewriter, const Candidates& candidates, Boundary inputs, Boundary outputs)
      : rewriter_(rewriter), graph_(rewriter.graph()), candidates_(candidates) {
    for (const auto& [id, layouts] : candidates_.nodes) AddNode(id, layouts);
    if (!rewriter.is_main_graph()) return;  // who calls a subgraph knows plain values
    if (inputs == Boundary::kChannelsLast)
      for (const ValueId id : graph_.inputs()) AddBoundary(id, inputs_);
    if (outputs == Boundary::kChannelsLast)
      for (const ValueId id : graph_.outputs()) AddBoundary(id, outputs_);
  }

  Choice Run() {
    for (size_t i = 0; i < graph_.value_bound(); ++i) {
      const ValueId id{static_cast<int32_t>(i)};
      if (graph_.alive(id)) AddValue(id);
    }
    cut_.Solve();
    Choice choice;
    for (const auto& [id, layouts] : candidates_.nodes)
      if (cut_.OnSourceSide(labels_.at(id))) choice.nodes.emplace(id, layouts);
    for (const auto* labels : {&inputs_, &outputs_})
      for (const auto& [id, label] : *labels)
        if (cut_.OnSourceSide(label)) choice.boundary.emplace(id, candidates_.values.at(id));
    return choice;
  }

 private:
  // Who reads or writes a value: a label, and the layout if the label is 1.
  struct Access {
    int label = MinCut::kSink;
    Layout layout;
  };

  void AddNode(NodeId id, const NodeLayouts& layouts) {
    if (candidates_.spatial.count(id) != 0) {
      labels_.emplace(id, MinCut::kSource);
      return;
    }
    const int label = cut_.AddNode();
    labels_.emplace(id, label);
    cut_.AddEdge(MinCut::kSource, label, layouts.plain_copies * CostOf(graph_.node(id).input(0)));
    cut_.AddEdge(label, MinCut::kSink, layouts.extra_nodes);
  }

  // Not for a value that others than the graph's nodes know by its name or its data.
  void AddBoundary(ValueId id, std::map<ValueId, int>& labels) {
    if (candidates_.values.count(id) == 0 || labels.count(id) != 0) return;
    if (graph_.value(id).initializer || (graph_.IsInput(id) && graph_.IsOutput(id))) return;
    const auto& uses = graph_.uses(id);
    const bool captured = std::any_of(uses.begin(), uses.end(), [](const ir::Use& use) {
      return use.slot == ir::Use::kCaptured;
    });
    if (!captured) labels.emplace(id, cut_.AddNode());
  }

  int64_t CostOf(ValueId id) const {
    const ir::Type& type = rewriter_.TypeOf(id);
    int64_t bytes = std::max(ir::BitsOf(type.element), 8) / 8;
    if (!type.shape) return kPerByte * bytes;
    for (size_t i = 0; i < type.shape->size(); ++i)
      if (__builtin_mul_overflow(bytes, (*type.shape)[i].value.value_or(i == 0 ? kBatch : kSide),
                                 &bytes))
        bytes = kMostBytes;
    return kPerByte * std::min(bytes, kMostBytes) + 1;
  }

  int64_t ConversionCost(ValueId id, const Layout& from, const Layout& to) const {
    if (from == to) return 0;
    if (!from.parts.empty() || !to.parts.empty()) return MinCut::kInfinite;
    const auto& shape = rewriter_.TypeOf(id).shape;
    return shape && MovesOnlyOnes(from, to, *shape) ? 1 : CostOf(id);
  }

  Access ProducerOf(ValueId id) const {
    const NodeId producer = graph_.producer(id);
    const auto node = candidates_.nodes.find(producer);
    if (node != candidates_.nodes.end()) {
      const auto& outputs = graph_.node(producer).outputs;
      const auto slot = std::find(outputs.begin(), outputs.end(), id) - outputs.begin();
      return {labels_.at(producer), node->second.outputs[static_cast<size_t>(slot)]};
    }
    const auto input = inputs_.find(id);
    if (input != inputs_.end()) return {input->second, candidates_.values.at(id)};
    return {};
  }

  std::vector<Access> UsersOf(ValueId id) const {
    std::vector<Access> users;
    for (const ir::Use& use : graph_.uses(id)) {
      const auto node = candidates_.nodes.find(use.node);
      if (use.slot == ir::Use::kCaptured || node == candidates_.nodes.end())
        users.push_back({});
      else
        users.push_back({labels_.at(use.node), node->second.inputs[static_cast<size_t>(use.slot)]});
    }
    const auto output = outputs_.find(id);
    if (output != outputs_.end())
      users.push_back({output->second, candidates_.values.at(id)});
    else if (graph_.IsOutput(id))
      users.push_back({});
    return users;
  }

  void AddValue(ValueId id) {
    if (rewriter_.ConstantOf(id)) return;  // permuted at once
    const Access producer = ProducerOf(id);
    const std::vector<Access> users = UsersOf(id);
    std::set<Layout> read;
    for (const Access& user : users)
      if (!user.layout.plain()) read.insert(user.layout);
    for (const Layout& layout : read) AddReads(id, producer, users, layout);
    AddPlainReads(id, producer, users);
  }

  void AddReads(ValueId id, const Access& producer, const std::vector<Access>& users,
                const Layout& layout) {
    const int any = cut_.AddNode();
    for (const Access& user : users)
      if (user.layout == layout) cut_.AddEdge(user.label, any, MinCut::kInfinite);
    const int64_t from_plain = ConversionCost(id, {}, layout);
    const int64_t from_other = ConversionCost(id, producer.layout, layout);
    const bool has_choice = producer.label != MinCut::kSink;
    if (has_choice) cut_.AddEdge(any, MinCut::kSink, from_other);
    cut_.AddEdge(any, producer.label, has_choice ? from_plain - from_other : from_plain);
  }

  void AddPlainReads(ValueId id, const Access& producer, const std::vector<Access>& users) {
    if (producer.layout.plain()) return;
    const int any = cut_.AddNode();
    cut_.AddEdge(producer.label, any, ConversionCost(id, producer.layout, {}));
    for (const Access& user : users)
      cut_.AddEdge(any, user.layout.plain() ? int{MinCut::kSink} : user.label, MinCut::kInfinite);
  }

  const Rewriter& rewriter_;
  const ir::Graph& graph_;
  const Candidates& candidates_;
  MinCut cut_;
  std::map<NodeId, int> labels_;
  std::map<ValueId, int> inputs_, outputs_;
};

}  // namespace

Choice Choose(const Rewriter& rewriter, const Candidates& candidates, Boundary inputs,
              Boundary outputs) {
  return Chooser(rewriter, candidates, inputs, outputs).Run();
}

}  // namespace edgeopt::passes::layout
