#include "passes/layout/candidates.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "passes/layout/spatial.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

// Breadth first, so that a node gets the layout of the nearest spatial operator.
class Search {
 public:
  explicit Search(const Rewriter& rewriter) : rewriter_(rewriter), graph_(rewriter.graph()) {}

  Result<Candidates> Run() {
    std::vector<NodeId> symmetric;
    for (const NodeId id : graph_.nodes()) {
      EDGEOPT_TRY(const bool is_spatial, IsSpatial(rewriter_, graph_.node(id)));
      if (!is_spatial) continue;
      found_.spatial.insert(id);
      if (IsSpatiallySymmetric(rewriter_, graph_.node(id)))
        symmetric.push_back(id);
      else
        Start(id);
    }
    Spread();
    // These take what their neighbours have; what is still without a layout starts one.
    for (const NodeId id : symmetric) {
      if (found_.nodes.count(id) == 0) Start(id);
      Spread();
    }
    return std::move(found_);
  }

  Candidates RunAroundTransposes() {
    for (const NodeId id : graph_.nodes()) {
      const Node& node = graph_.node(id);
      if (!node.Is("Transpose")) continue;
      const int64_t rank = rewriter_.TypeOf(node.input(0)).rank();
      if (rank < 0) continue;
      const Permutation perm = node.IntsOr("perm", {});
      if (static_cast<int64_t>(perm.size()) != rank) continue;
      if (FeedsSpatial(node.output(0)))
        Try(id, {false, 0, LayoutOf(perm)});
      else if (IsSpatialNode(graph_.producer(node.input(0))))
        Try(id, {true, 0, LayoutOf(InverseOf(perm))});
    }
    Spread();
    return std::move(found_);
  }

 private:
  bool IsSpatialNode(NodeId id) const {
    if (!id.valid()) return false;
    const auto spatial = IsSpatial(rewriter_, graph_.node(id));
    return spatial.ok() && *spatial;
  }

  bool FeedsSpatial(ValueId id) const {
    return std::ranges::any_of(graph_.uses(id), [&](const ir::Use& use) {
      return use.slot == 0 && IsSpatialNode(use.node);
    });
  }

  void Start(NodeId id) {
    const Node& node = graph_.node(id);
    Add(id, SpatialLayouts(node, ChannelsLast(rewriter_.TypeOf(node.input(0)).rank())));
  }

  void Add(NodeId id, NodeLayouts layouts) {
    const Node& node = graph_.node(id);
    for (size_t i = 0; i < node.inputs.size(); ++i) Reach(node.inputs[i], layouts.inputs[i]);
    for (size_t i = 0; i < node.outputs.size(); ++i) Reach(node.outputs[i], layouts.outputs[i]);
    found_.nodes.emplace(id, std::move(layouts));
  }

  // A constant may lie in every layout at once: nothing follows from it.
  void Reach(ValueId id, const Layout& layout) {
    if (!id.valid() || layout.plain() || rewriter_.ConstantOf(id)) return;
    if (!seen_.emplace(id, layout).second) return;
    if (layout.parts.empty()) found_.values.emplace(id, layout);
    queue_.emplace_back(id, layout);
  }

  void Spread() {
    for (; !queue_.empty(); queue_.pop_front()) {
      const auto [id, layout] = queue_.front();
      const NodeId producer = graph_.producer(id);
      if (producer.valid()) {
        const auto& outputs = graph_.node(producer).outputs;
        for (size_t i = 0; i < outputs.size(); ++i)
          if (outputs[i] == id) Try(producer, {true, i, layout});
      }
      for (const ir::Use& use : graph_.uses(id))
        if (use.slot != ir::Use::kCaptured)
          Try(use.node, {false, static_cast<size_t>(use.slot), layout});
    }
  }

  void Try(NodeId id, const Known& known) {
    if (found_.nodes.count(id) != 0) return;
    const Node& node = graph_.node(id);
    if (found_.spatial.count(id) != 0) return TrySymmetric(id, known);
    const Rule* rule = FindRule(node);
    if (!rule || node.has_subgraphs()) return;
    if (auto layouts = rule->derive(rewriter_, node, known)) Add(id, std::move(*layouts));
  }

  void TrySymmetric(NodeId id, const Known& known) {
    const Permutation& order = known.layout.order;
    if (known.slot == 0 && order.size() >= 3 && order.front() == 0 && order.back() == 1)
      Add(id, SpatialLayouts(graph_.node(id), known.layout));
  }

  const Rewriter& rewriter_;
  const ir::Graph& graph_;
  Candidates found_;
  std::set<std::pair<ValueId, Layout>> seen_;
  std::deque<std::pair<ValueId, Layout>> queue_;
};

}  // namespace

Result<Candidates> FindCandidates(const Rewriter& rewriter) { return Search(rewriter).Run(); }

Candidates FindAroundTransposes(const Rewriter& rewriter) {
  return Search(rewriter).RunAroundTransposes();
}

}  // namespace edgeopt::passes::layout
