// The graph: values (SSA), nodes, inputs, outputs - with ONNX semantics. A value type: copying is
// cheap (weights and subgraphs are shared), and a pass works on a copy that is thrown away on
// failure.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/attribute.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace edgeopt::ir {

// Distinct integer ids instead of pointers: stable across copies of the graph, never reused.
template <typename Tag>
struct Id {
  int32_t index = -1;
  bool valid() const { return index >= 0; }
  friend auto operator<=>(const Id&, const Id&) = default;
};
using ValueId = Id<struct ValueTag>;
using NodeId = Id<struct NodeTag>;
inline constexpr ValueId kNoValue{};  // an omitted optional input or output

struct Value {
  std::string name;
  Type type;
  NodeId producer;  // invalid: input, initializer, captured from outside, or removed
  std::optional<Tensor> initializer;  // dense constant data (GraphProto.initializer)
  std::optional<SparseTensor> sparse_initializer;
  bool captured = false;  // in a subgraph: belongs to an enclosing graph, referred to by name
  std::string doc_string;
  Metadata metadata;
};

// One operator application. Read through Graph; changed through Graph's methods only.
struct Node {
  std::string op_type, domain, overload;  // domain "" is ai.onnx
  std::string name, doc_string;
  std::vector<ValueId> inputs, outputs;  // kNoValue: omitted
  std::vector<Attribute> attributes;
  Metadata metadata;
  std::string opaque_fields;  // serialized fields that edgeopt only carries (device_configurations)
  // Values of this graph that the node's subgraphs refer to by name; maintained by Graph.
  std::vector<ValueId> captures;

  bool Is(std::string_view type) const { return op_type == type && domain.empty(); }
  const Attribute* FindAttribute(std::string_view attribute_name) const;
  int64_t IntOr(std::string_view attribute_name, int64_t fallback) const;
  float FloatOr(std::string_view attribute_name, float fallback) const;
  std::string StringOr(std::string_view attribute_name, std::string fallback) const;
  // The list, or `fallback` when the attribute is absent.
  std::vector<int64_t> IntsOr(std::string_view attribute_name, std::vector<int64_t> fallback) const;
  // Input i if present and not omitted, else kNoValue.
  ValueId input(size_t i) const { return i < inputs.size() ? inputs[i] : kNoValue; }
  ValueId output(size_t i) const { return i < outputs.size() ? outputs[i] : kNoValue; }
  bool has_subgraphs() const;
};

// A use of a value: input `slot` of `node`; slot kCaptured: by a subgraph of the node.
struct Use {
  static constexpr int32_t kCaptured = -1;
  NodeId node;
  int32_t slot = 0;
  friend bool operator==(const Use&, const Use&) = default;
};

// Invariants (checked by Verify in ir/verifier.h): names are unique and not empty; each value has
// at most one producer; every id stored is alive; uses mirror inputs exactly.
class Graph {
 public:
  std::string name, doc_string;
  Metadata metadata;
  std::string
      opaque_fields;  // serialized fields that edgeopt only carries (quantization_annotation)

  // --- reading ---
  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id.index)]; }
  const Node& node(NodeId id) const { return *nodes_[static_cast<size_t>(id.index)]; }
  bool alive(NodeId id) const {
    return id.valid() && static_cast<size_t>(id.index) < nodes_.size() &&
           nodes_[static_cast<size_t>(id.index)].has_value();
  }
  // Ids below this bound may be alive; for dense side tables indexed by ValueId::index.
  size_t value_bound() const { return values_.size(); }
  size_t node_bound() const { return nodes_.size(); }
  // Alive nodes in execution order (after SortTopologically; before it, insertion order). A copy,
  // so that the graph may be changed while iterating; check alive() then.
  std::vector<NodeId> nodes() const;
  size_t node_count() const;
  // Alive values that are initializers (dense or sparse), in insertion order.
  std::vector<ValueId> initializers() const;
  // Alive values captured from enclosing graphs.
  std::vector<ValueId> captured() const;
  bool alive(ValueId id) const;
  const std::vector<ValueId>& inputs() const { return inputs_; }
  const std::vector<ValueId>& outputs() const { return outputs_; }
  bool IsInput(ValueId id) const;
  bool IsOutput(ValueId id) const;
  ValueId Find(std::string_view value_name) const;  // kNoValue when there is none
  const std::vector<Use>& uses(ValueId id) const { return uses_[static_cast<size_t>(id.index)]; }
  // No node and no graph output refers to it.
  bool IsUnused(ValueId id) const { return uses(id).empty() && !IsOutput(id); }
  // Exactly one use by a node's input, and not a graph output: the fusion condition.
  bool HasSingleUse(ValueId id) const { return uses(id).size() == 1 && !IsOutput(id); }
  // The node that alone uses the value through an input, if HasSingleUse; else invalid.
  NodeId OnlyUser(ValueId id) const;
  NodeId producer(ValueId id) const { return id.valid() ? value(id).producer : NodeId{}; }
  // The producer if it is an ai.onnx operator of that type, else nullptr.
  const Node* ProducerIf(ValueId id, std::string_view op_type) const;
  // The data of a dense constant: an initializer that is not also a graph input (a caller could
  // override that one), or the output of a Constant node (attributes value, value_float(s),
  // value_int(s), value_string(s)). nullopt otherwise, also for kNoValue.
  std::optional<Tensor> ConstantOf(ValueId id) const;
  // "node 'conv1' (Conv)"; an unnamed node is shown by its first output.
  std::string Describe(NodeId id) const;

  // --- values ---
  // A new value; the name is made unique by a suffix (against this graph, its subgraphs and the
  // reserved names). An empty hint gives "value".
  ValueId AddValue(std::string_view name_hint, Type type = {});
  ValueId AddInitializer(std::string_view name_hint, Tensor tensor);
  // For readers: exactly this name; kNoValue when it is taken.
  ValueId AddNamedValue(std::string value_name);
  void AddInput(ValueId id) { inputs_.push_back(id); }
  void AddOutput(ValueId id) { outputs_.push_back(id); }
  void SetInputs(std::vector<ValueId> ids) { inputs_ = std::move(ids); }
  void SetOutputs(std::vector<ValueId> ids) { outputs_ = std::move(ids); }
  void SetType(ValueId id, Type type) { At(id).type = std::move(type); }
  void SetInitializer(ValueId id, Tensor tensor);  // also sets the type
  void ClearInitializer(ValueId id);
  // Documentation and metadata of a value; name, producer and type have their own methods.
  void SetDocumentation(ValueId id, std::string doc, Metadata value_metadata);
  void SetSparseInitializer(ValueId id, SparseTensor tensor);
  void SetCaptured(ValueId id, bool captured = true) { At(id).captured = captured; }
  // Renames; captures inside subgraphs follow. False when the name is taken.
  bool Rename(ValueId id, std::string new_name);
  // Removes a value that has no producer and no use and is neither input nor output.
  void RemoveValue(ValueId id);

  // --- nodes ---
  // Appends; outputs' producers and inputs' uses are updated. Captures are looked up in this graph.
  // Requires that no output has a producer already.
  NodeId AddNode(Node node);
  // The common case: one node, ai.onnx domain, new outputs named after `name_hint`.
  NodeId AddNode(std::string op_type, std::vector<ValueId> inputs, std::vector<ValueId> outputs,
                 std::vector<Attribute> attributes = {}, std::string_view name_hint = {});
  void RemoveNode(NodeId id);                            // its outputs lose their producer
  void SetInput(NodeId id, size_t slot, ValueId value);  // grows the list with kNoValue as needed
  void SetNodeInputs(NodeId id, std::vector<ValueId> values);
  void SetNodeOutputs(NodeId id, std::vector<ValueId> values);
  void SetOpType(NodeId id, std::string op_type, std::string domain = {});
  void SetNodeName(NodeId id, std::string node_name);
  // What a node carries beside its meaning.
  void SetNodeDocumentation(NodeId id, std::string doc, Metadata node_metadata,
                            std::string opaque_fields);
  void SetAttribute(NodeId id, Attribute attribute);  // adds or replaces; subgraphs update captures
  void RemoveAttribute(NodeId id, std::string_view attribute_name);
  // All uses of `from` (inputs and captures) become uses of `to`; graph outputs are left alone.
  void ReplaceUses(ValueId from, ValueId to);
  // Graph-output aware: all uses of `from` become `to`, and where `from` is a graph output `to`
  // takes its name and place. False (nothing changed) when that can't be done: `to` is itself an
  // input, output, initializer or captured value while `from` is an output.
  bool ReplaceEverywhere(ValueId from, ValueId to);

  // The alive nodes in a stable topological order that keeps the present order where it is valid.
  // BadInput names a node on a cycle.
  Result<std::vector<NodeId>> TopologicalOrder() const;
  // Makes that the order of nodes().
  Status SortTopologically();
  // Removes nodes none of whose outputs is used, then unused initializers and captured values.
  // Returns the number of nodes removed.
  int64_t RemoveUnused();
  // Names that AddValue must also avoid: those of enclosing graphs.
  void ReserveNames(std::shared_ptr<const std::unordered_set<std::string>> names) {
    reserved_ = std::move(names);
  }

 private:
  Value& At(ValueId id) { return values_[static_cast<size_t>(id.index)]; }
  Node& At(NodeId id) { return *nodes_[static_cast<size_t>(id.index)]; }
  void AddUse(ValueId value, Use use);
  void DropUse(ValueId value, Use use);
  void UpdateCaptures(NodeId id);
  bool NameTaken(const std::string& candidate) const;
  bool NameTakenInside(const std::string& candidate) const;

  // Deques: references to values and nodes stay valid while others are added.
  std::deque<Value> values_;
  std::deque<std::vector<Use>> uses_;  // parallel to values_
  std::deque<std::optional<Node>> nodes_;
  std::vector<NodeId> order_;
  std::set<NodeId> with_subgraphs_;  // alive nodes that have subgraphs
  std::vector<ValueId> inputs_, outputs_;
  std::unordered_map<std::string, ValueId> by_name_;
  std::unordered_map<std::string, int64_t> next_suffix_;
  std::shared_ptr<const std::unordered_set<std::string>> reserved_;
};

// Every value name used in the graph and, recursively, in its subgraphs.
std::unordered_set<std::string> AllNames(const Graph& graph);
// Calls fn(attribute name, subgraph) for each subgraph of the node.
template <typename Fn>
void ForEachSubgraph(const Node& node, Fn fn) {
  for (const Attribute& attribute : node.attributes) {
    if (const auto* one = attribute.get<GraphPtr>()) fn(attribute.name, **one);
    if (const auto* many = attribute.get<std::vector<GraphPtr>>())
      for (const GraphPtr& graph : *many) fn(attribute.name, *graph);
  }
}

}  // namespace edgeopt::ir
