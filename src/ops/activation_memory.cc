#include "ops/activation_memory.h"

#include <algorithm>
#include <unordered_map>

#include "ops/operator.h"

namespace edgeopt::ops {
namespace {

class Lifetimes {
 public:
  Lifetimes(const ir::Graph& graph, Sizes& sizes) : graph_(graph), sizes_(sizes) {
    for (size_t i = 0; i < graph.value_bound(); ++i) {
      const ir::ValueId id{static_cast<int32_t>(i)};
      if (graph.alive(id)) uses_left_[id.index] = graph.uses(id).size();
    }
    // A graph output is never freed.
    for (const ir::ValueId id : graph.outputs()) ++uses_left_[id.index];
  }

  void Create(ir::ValueId id) {
    if (IsResult(id)) alive_ = SaturatingAdd(alive_, Bytes(id));
    peak_ = std::max(peak_, alive_);
  }

  void Use(ir::ValueId id) {
    if (IsResult(id) && --uses_left_[id.index] == 0) alive_ -= std::min(alive_, Bytes(id));
  }

  int64_t peak() const { return peak_; }

 private:
  bool IsResult(ir::ValueId id) const {
    return id.valid() && !graph_.value(id).initializer && !graph_.ProducerIf(id, "Constant");
  }
  int64_t Bytes(ir::ValueId id) {
    const auto dims = sizes_.Resolve(graph_.value(id).type);
    return dims ? ElementBytes(graph_.value(id).type.element, Elements(*dims)) : 0;
  }

  const ir::Graph& graph_;
  Sizes& sizes_;
  std::unordered_map<int32_t, size_t> uses_left_;
  int64_t alive_ = 0, peak_ = 0;
};

}  // namespace

int64_t ElementBytes(ir::DataType type, int64_t elements) {
  return SaturatingMultiply(elements, ir::BitsOf(type)) / 8;
}

int64_t PeakActivationBytes(const ir::Graph& graph, Sizes& sizes) {
  Lifetimes lifetimes(graph, sizes);
  for (const ir::ValueId id : graph.inputs()) lifetimes.Create(id);
  for (const ir::NodeId id : graph.nodes()) {
    for (const ir::ValueId output : graph.node(id).outputs) lifetimes.Create(output);
    for (const ir::ValueId input : graph.node(id).inputs) lifetimes.Use(input);
    for (const ir::ValueId captured : graph.node(id).captures) lifetimes.Use(captured);
  }
  return lifetimes.peak();
}

}  // namespace edgeopt::ops
