#include "passes/layout/apply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "ir/permute.h"
#include "passes/layout/spatial.h"
#include "passes/operands.h"
#include "passes/reshape_target.h"

namespace edgeopt::passes::layout {
namespace {

using ir::Node;
using ir::NodeId;
using ir::ValueId;

constexpr int64_t kAxesAreInput = 13;  // opset in which Squeeze's and Unsqueeze's axes moved

class Applier {
 public:
  Applier(Rewriter& rewriter, const Candidates& candidates, const Choice& choice)
      : rewriter_(rewriter), graph_(rewriter.graph()), candidates_(candidates), choice_(choice) {}

  void Run() {
    if (choice_.nodes.empty() && choice_.boundary.empty()) return;
    std::vector<NodeId> transposes;
    for (const auto& [id, layouts] : choice_.nodes) {
      if (graph_.node(id).Is("Transpose")) transposes.push_back(id);
      Parametrize(id, layouts);
    }
    const std::vector<NodeId> readers = graph_.nodes();
    for (const auto& [id, layouts] : choice_.nodes)
      for (size_t i = 0; i < layouts.outputs.size(); ++i)
        if (!layouts.outputs[i].plain()) Place(graph_.node(id).outputs[i], layouts.outputs[i]);
    for (const auto& [id, layout] : choice_.boundary)
      if (stored_.count(id) == 0) Place(id, graph_.IsInput(id) ? layout : Layout{});
    for (const NodeId id : readers) Connect(id);
    // Their results lie as their inputs do: Identity.
    for (const NodeId id : transposes)
      rewriter_.Bypass(id, graph_.node(id).output(0), graph_.node(id).input(0));
    rewriter_.Count();
  }

 private:
  // A value in memory: how it is written, and the values that hold it in this and other layouts.
  struct Stored {
    Layout written;
    ir::Type type;  // the logical one
    std::map<Layout, ValueId> versions;
  };

  void Parametrize(NodeId id, const NodeLayouts& layouts) {
    const Node& node = graph_.node(id);
    if (candidates_.spatial.count(id) == 0) {
      const Rule* rule = FindRule(node);
      if (rule->apply) rule->apply(rewriter_, id, layouts);
      return;
    }
    graph_.SetOpType(id, node.op_type, std::string(kNhwcDomain));
    if (node.outputs.size() > 1) graph_.SetNodeOutputs(id, {node.output(0)});  // others are unused
  }

  Layout ReadBy(NodeId id, size_t slot) const {
    const auto chosen = choice_.nodes.find(id);
    const bool given = chosen != choice_.nodes.end() && slot < chosen->second.inputs.size();
    return given ? chosen->second.inputs[slot] : Layout{};
  }

  bool IsReadPlain(ValueId id) const {
    if (graph_.IsOutput(id) && choice_.boundary.count(id) == 0) return true;
    const auto& uses = graph_.uses(id);
    return std::any_of(uses.begin(), uses.end(), [&](const ir::Use& use) {
      return use.slot == ir::Use::kCaptured ||
             ReadBy(use.node, static_cast<size_t>(use.slot)).plain();
    });
  }

  // Decides which layout the value itself, and its name, stands for.
  void Place(ValueId id, const Layout& written) {
    if (!id.valid()) return;
    Stored stored{written, rewriter_.TypeOf(id), {}};
    Layout own = written;
    const auto boundary = choice_.boundary.find(id);
    if (boundary != choice_.boundary.end())
      own = boundary->second;
    else if (IsReadPlain(id))
      own = {};
    graph_.SetType(id, StoredType(stored.type, own));
    stored.versions.emplace(own, id);
    if (own != written) {
      const ValueId source = AddVersion(id, stored, written);
      const NodeId producer = graph_.producer(id);
      std::vector<ValueId> outputs = graph_.node(producer).outputs;
      std::replace(outputs.begin(), outputs.end(), id, source);
      graph_.SetNodeOutputs(producer, outputs);
      Convert(stored, source, written, id, own);
    }
    stored_.emplace(id, std::move(stored));
  }

  ValueId AddVersion(ValueId id, Stored& stored, const Layout& layout) {
    const ValueId version =
        graph_.AddValue(graph_.value(id).name + "_stored", StoredType(stored.type, layout));
    stored.versions.emplace(layout, version);
    return version;
  }

  void Convert(const Stored& stored, ValueId source, const Layout& from, ValueId target,
               const Layout& to) {
    const ir::Type& type = stored.type;
    const std::string name = graph_.value(target).name + "_transpose";
    if (!type.shape || !MovesOnlyOnes(from, to, *type.shape)) {
      graph_.AddNode("Transpose", {source}, {target}, {{"perm", Conversion(from, to, type.rank())}},
                     name);
    } else if (const auto shape = ShapeOfMove(type, from, to)) {
      const ValueId wanted = graph_.AddInitializer(name + "_shape", IntsTensor(*shape));
      graph_.AddNode("Reshape", {source, wanted}, {target}, {}, name);
    } else {
      MoveOnes(type, source, from, target, to);
    }
  }

  // Takes the axes of size 1 out and puts them elsewhere: no constant tells the other sizes.
  void MoveOnes(const ir::Type& type, ValueId source, const Layout& from, ValueId target,
                const Layout& to) {
    const auto ones = [&](const Layout& layout) {
      std::vector<int64_t> axes;
      const ir::Type stored = StoredType(type, layout);
      for (size_t i = 0; i < stored.shape->size(); ++i)
        if ((*stored.shape)[i].value == 1) axes.push_back(static_cast<int64_t>(i));
      return axes;
    };
    ir::Type others = StoredType(type, from);
    std::erase_if(*others.shape, [](const ir::Dim& dim) { return dim.value == 1; });
    const std::string name = graph_.value(target).name + "_ones";
    const ValueId between = graph_.AddValue(name, std::move(others));
    const auto add = [&](const char* op_type, ValueId input, ValueId output,
                         const std::vector<int64_t>& axes) {
      const std::string node_name = graph_.value(output).name + "_transpose";
      if (rewriter_.opset() < kAxesAreInput) {
        graph_.AddNode(op_type, {input}, {output}, {{"axes", axes}}, node_name);
      } else {
        const ValueId constant = graph_.AddInitializer(name + "_axes", IntsTensor(axes));
        graph_.AddNode(op_type, {input, constant}, {output}, {}, node_name);
      }
    };
    add("Squeeze", source, between, ones(from));
    add("Unsqueeze", between, target, ones(to));
  }

  // The target of a Reshape that moves axes of size 1.
  static std::optional<std::vector<int64_t>> ShapeOfMove(const ir::Type& type, const Layout& from,
                                                         const Layout& to) {
    const auto elements = [&](const Layout& layout) {
      Elements result;
      const ir::Type stored = StoredType(type, layout);
      for (const ir::Dim& dim : *stored.shape) result.push_back(ElementOf(dim));
      return result;
    };
    return ReshapeTarget(elements(to), elements(from));
  }

  void Connect(NodeId id) {
    if (!graph_.alive(id)) return;
    for (size_t i = 0; i < graph_.node(id).inputs.size(); ++i) {
      const ValueId input = graph_.node(id).inputs[i];
      if (!input.valid()) continue;
      const ValueId version = Version(input, ReadBy(id, i));
      if (version != input) graph_.SetInput(id, i, version);
    }
  }

  ValueId Version(ValueId id, const Layout& layout) {
    auto found = stored_.find(id);
    if (found == stored_.end()) {
      if (layout.plain()) return id;
      found = stored_.emplace(id, Stored{{}, rewriter_.TypeOf(id), {{Layout{}, id}}}).first;
    }
    Stored& stored = found->second;
    const auto version = stored.versions.find(layout);
    if (version != stored.versions.end()) return version->second;
    if (const auto constant = rewriter_.ConstantOf(id)) {
      const ValueId permuted = graph_.AddInitializer(graph_.value(id).name + "_stored",
                                                     ir::Permuted(*constant, layout.order));
      return stored.versions.emplace(layout, permuted).first->second;
    }
    const ValueId target = AddVersion(id, stored, layout);
    Convert(stored, stored.versions.at(stored.written), stored.written, target, layout);
    return target;
  }

  Rewriter& rewriter_;
  ir::Graph& graph_;
  const Candidates& candidates_;
  const Choice& choice_;
  std::map<ValueId, Stored> stored_;
};

}  // namespace

void Apply(Rewriter& rewriter, const Candidates& candidates, const Choice& choice) {
  Applier(rewriter, candidates, choice).Run();
}

}  // namespace edgeopt::passes::layout
