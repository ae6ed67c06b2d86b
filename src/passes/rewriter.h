// What the simplification passes share: walking over a model's graphs, looking through to enclosing
// graphs, and accounting for rewrites and skips.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ir/model.h"
#include "passes/pass.h"

namespace edgeopt::passes {

// The graphs around a subgraph, the nearest first.
struct Scope {
  const ir::Graph* graph = nullptr;
  const Scope* outer = nullptr;
};

// One graph in the hands of a pass.
class Rewriter {
 public:
  Rewriter(ir::Graph& graph, const Scope* outer, int64_t opset, const Context& context,
           Outcome& outcome)
      : graph_(graph), outer_(outer), opset_(opset), context_(context), outcome_(outcome) {}

  ir::Graph& graph() const { return graph_; }
  const Context& context() const { return context_; }
  int64_t opset() const { return opset_; }  // version of ai.onnx that the model imports
  bool is_main_graph() const { return outer_ == nullptr; }

  // Of a captured value: what the enclosing graph says.
  const ir::Type& TypeOf(ir::ValueId id) const;
  ir::DataType ElementOf(ir::ValueId id) const { return TypeOf(id).element; }
  std::optional<ir::Tensor> ConstantOf(ir::ValueId id) const;
  // The value of a constant with one element, of any numeric type.
  std::optional<double> ScalarOf(ir::ValueId id) const;
  // The elements of a constant integer or bool tensor.
  std::optional<std::vector<int64_t>> IntsOf(ir::ValueId id) const;

  // The producer if it is that operator and `id` has no other use.
  const ir::Node* SoleProducerIf(ir::ValueId id, std::string_view op_type) const;
  // The node that alone uses `id`, if it is that operator, through input `slot`; else invalid.
  ir::NodeId OnlyUserIf(ir::ValueId id, std::string_view op_type, size_t slot = 0) const;

  // Every use of `from` becomes one of `to`; a graph output keeps its name and type. False, and
  // nothing changed, where ir::Graph::ReplaceEverywhere can't do that.
  bool Replace(ir::ValueId from, ir::ValueId to);
  // The same as a whole rewrite of `node`, which is removed when nothing uses it any more; where it
  // can't be done the node gets a skip.
  bool Bypass(ir::NodeId node, ir::ValueId from, ir::ValueId to);
  // Removes the node at once if nothing uses its outputs, so that its operands have one use less.
  void RemoveIfUnused(ir::NodeId node);
  // A new node whose one output is called after `output` and takes its place and type.
  ir::NodeId ReplaceByNode(ir::ValueId output, std::string op_type, std::vector<ir::ValueId> inputs,
                           std::vector<ir::Attribute> attributes = {});
  // A fresh value of the type of `like`, named after it.
  ir::ValueId AddValueLike(ir::ValueId like);

  void Count(int64_t rewrites = 1) { outcome_.rewrites += rewrites; }
  int64_t rewrites() const { return outcome_.rewrites; }
  void Skip(ir::NodeId node, std::string reason);

 private:
  // Where the value is defined: this graph, or the one around it that it was captured from.
  std::pair<const ir::Graph*, ir::ValueId> Resolve(ir::ValueId id) const;

  ir::Graph& graph_;
  const Scope* outer_;
  int64_t opset_;
  const Context& context_;
  Outcome& outcome_;
};

// Calls `rewrite` for each subgraph, innermost first, and for the main graph; where it counted
// something, unused nodes are removed and the nodes sorted. Bodies of model-local functions are
// left alone: they have no types and may hold no initializers (see inline-functions). Skipped are
// models of an opset before 7, whose operators broadcast by attributes, and of an IR version before
// 4, in which each initializer has to be an input.
Result<Outcome> OverGraphs(ir::Model& model, const Context& context,
                           const std::function<Status(Rewriter&)>& rewrite);
// The same, one node after the other; a node removed on the way is passed over.
Result<Outcome> OverNodes(ir::Model& model, const Context& context,
                          const std::function<Status(Rewriter&, ir::NodeId)>& rewrite);

}  // namespace edgeopt::passes
