#include "ir/graph.h"

#include <algorithm>
#include <cstdlib>

namespace edgeopt::ir {
namespace {

// The constant that a Constant node holds (ONNX operator Constant, opset 12 and later).
std::optional<Tensor> ConstantNodeValue(const Node& node) {
  for (const Attribute& attribute : node.attributes) {
    if (attribute.name == "value") {
      if (const auto* tensor = attribute.get<Tensor>()) return *tensor;
    } else if (attribute.name == "value_float") {
      if (const auto* number = attribute.get<float>()) return Tensor::Scalar(*number);
    } else if (attribute.name == "value_int") {
      if (const auto* number = attribute.get<int64_t>()) return Tensor::Scalar(*number);
    } else if (attribute.name == "value_floats") {
      if (const auto* list = attribute.get<std::vector<float>>())
        return Tensor::Of({static_cast<int64_t>(list->size())}, *list);
    } else if (attribute.name == "value_ints") {
      if (const auto* list = attribute.get<std::vector<int64_t>>())
        return Tensor::Of({static_cast<int64_t>(list->size())}, *list);
    } else if (attribute.name == "value_string") {
      if (const auto* text = attribute.get<std::string>())
        return Tensor::MakeStrings({}, {*text}).value();
    } else if (attribute.name == "value_strings") {
      if (const auto* list = attribute.get<std::vector<std::string>>())
        return Tensor::MakeStrings({static_cast<int64_t>(list->size())}, *list).value();
    }
  }
  return std::nullopt;
}

void CollectNames(const Graph& graph, std::unordered_set<std::string>& names) {
  for (size_t i = 0; i < graph.value_bound(); ++i) {
    const ValueId id{static_cast<int32_t>(i)};
    if (graph.alive(id)) names.insert(graph.value(id).name);
  }
  for (const NodeId id : graph.nodes())
    ForEachSubgraph(graph.node(id), [&](const std::string&, const Graph& subgraph) {
      CollectNames(subgraph, names);
    });
}

// A copy of `subgraph` in which the captured value `from` is called `to`, at any depth; null when
// it does not occur.
GraphPtr WithCaptureRenamed(const Graph& subgraph, const std::string& from, const std::string& to) {
  const ValueId captured = subgraph.Find(from);
  if (!captured.valid() || !subgraph.value(captured).captured) return nullptr;
  Graph copy = subgraph;
  copy.ReserveNames(nullptr);  // `to` is such a name
  ValueId present = copy.Find(to);
  if (present.valid() && !copy.value(present).captured) {
    // A value of the subgraph's own has that name: it makes way.
    std::string spare = to + "_inner";
    while (!copy.Rename(present, spare)) spare += "_";
    present = kNoValue;
  }
  if (present.valid()) {
    copy.ReplaceUses(captured, present);
    if (copy.IsOutput(captured)) {
      std::vector<ValueId> outputs = copy.outputs();
      std::replace(outputs.begin(), outputs.end(), captured, present);
      copy.SetOutputs(std::move(outputs));
    }
    copy.RemoveValue(captured);
  } else {
    copy.Rename(captured, to);
  }
  return std::make_shared<const Graph>(std::move(copy));
}

void RenameCapture(Attribute& attribute, const std::string& from, const std::string& to) {
  const auto rename = [&](GraphPtr& subgraph) {
    if (GraphPtr renamed = WithCaptureRenamed(*subgraph, from, to)) subgraph = std::move(renamed);
  };
  if (auto* one = std::get_if<GraphPtr>(&attribute.value)) rename(*one);
  if (auto* many = std::get_if<std::vector<GraphPtr>>(&attribute.value))
    for (GraphPtr& subgraph : *many) rename(subgraph);
}

}  // namespace

// --- Graph: reading ---

std::vector<NodeId> Graph::nodes() const {
  std::vector<NodeId> ids;
  ids.reserve(order_.size());
  for (const NodeId id : order_)
    if (alive(id)) ids.push_back(id);
  return ids;
}

size_t Graph::node_count() const {
  return static_cast<size_t>(
      std::count_if(order_.begin(), order_.end(), [&](NodeId id) { return alive(id); }));
}

bool Graph::alive(ValueId id) const {
  return id.valid() && static_cast<size_t>(id.index) < values_.size() && !value(id).name.empty();
}

std::vector<ValueId> Graph::initializers() const {
  std::vector<ValueId> ids;
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].initializer || values_[i].sparse_initializer)
      ids.push_back({static_cast<int32_t>(i)});
  return ids;
}

std::vector<ValueId> Graph::captured() const {
  std::vector<ValueId> ids;
  for (size_t i = 0; i < values_.size(); ++i)
    if (values_[i].captured) ids.push_back({static_cast<int32_t>(i)});
  return ids;
}

bool Graph::IsInput(ValueId id) const {
  return std::find(inputs_.begin(), inputs_.end(), id) != inputs_.end();
}

bool Graph::IsOutput(ValueId id) const {
  return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end();
}

ValueId Graph::Find(std::string_view value_name) const {
  const auto found = by_name_.find(std::string(value_name));
  return found == by_name_.end() ? kNoValue : found->second;
}

NodeId Graph::OnlyUser(ValueId id) const {
  if (!id.valid() || !HasSingleUse(id) || uses(id)[0].slot == Use::kCaptured) return {};
  return uses(id)[0].node;
}

const Node* Graph::ProducerIf(ValueId id, std::string_view op_type) const {
  const NodeId made_by = producer(id);
  return made_by.valid() && node(made_by).Is(op_type) ? &node(made_by) : nullptr;
}

std::optional<Tensor> Graph::ConstantOf(ValueId id) const {
  if (!id.valid()) return std::nullopt;
  const Value& held = value(id);
  if (held.initializer) return IsInput(id) ? std::nullopt : held.initializer;
  const Node* constant = ProducerIf(id, "Constant");
  return constant ? ConstantNodeValue(*constant) : std::nullopt;
}

std::string Graph::Describe(NodeId id) const {
  const Node& described = node(id);
  std::string label = described.name;
  for (size_t i = 0; label.empty() && i < described.outputs.size(); ++i)
    if (described.outputs[i].valid()) label = value(described.outputs[i]).name;
  const std::string domain = described.domain.empty() ? "" : described.domain + ".";
  return "node '" + label + "' (" + domain + described.op_type + ")";
}

// --- Graph: values ---

bool Graph::NameTaken(const std::string& candidate) const {
  return by_name_.count(candidate) > 0 || (reserved_ && reserved_->count(candidate) > 0);
}

bool Graph::NameTakenInside(const std::string& candidate) const {
  bool taken = false;
  for (const NodeId id : with_subgraphs_)
    ForEachSubgraph(node(id), [&](const std::string&, const Graph& subgraph) {
      taken = taken || subgraph.Find(candidate).valid() || subgraph.NameTakenInside(candidate);
    });
  return taken;
}

ValueId Graph::AddValue(std::string_view name_hint, Type type) {
  const std::string hint(name_hint.empty() ? "value" : name_hint);
  std::string candidate = hint;
  while (NameTaken(candidate) || NameTakenInside(candidate))
    candidate = hint + "_" + std::to_string(++next_suffix_[hint]);
  const ValueId id = AddNamedValue(std::move(candidate));
  At(id).type = std::move(type);
  return id;
}

ValueId Graph::AddInitializer(std::string_view name_hint, Tensor tensor) {
  const ValueId id = AddValue(name_hint);
  SetInitializer(id, std::move(tensor));
  return id;
}

ValueId Graph::AddNamedValue(std::string value_name) {
  const ValueId id{static_cast<int32_t>(values_.size())};
  if (value_name.empty() || !by_name_.emplace(value_name, id).second) return kNoValue;
  values_.emplace_back();
  values_.back().name = std::move(value_name);
  uses_.emplace_back();
  return id;
}

void Graph::SetInitializer(ValueId id, Tensor tensor) {
  At(id).type = Type::OfTensor(tensor.type(), ToShape(tensor.dims()));
  At(id).initializer = std::move(tensor);
}

void Graph::ClearInitializer(ValueId id) {
  At(id).initializer.reset();
  At(id).sparse_initializer.reset();
}

void Graph::SetDocumentation(ValueId id, std::string doc, Metadata value_metadata) {
  At(id).doc_string = std::move(doc);
  At(id).metadata = std::move(value_metadata);
}

void Graph::SetSparseInitializer(ValueId id, SparseTensor tensor) {
  At(id).type = Type::OfTensor(tensor.values.type(), ToShape(tensor.dims));
  At(id).sparse_initializer = std::move(tensor);
}

bool Graph::Rename(ValueId id, std::string new_name) {
  if (value(id).name == new_name) return true;
  if (new_name.empty() || NameTaken(new_name)) return false;
  const std::string old_name = value(id).name;
  for (const Use& use : std::vector<Use>(uses(id)))
    if (use.slot == Use::kCaptured)
      for (Attribute& attribute : At(use.node).attributes)
        RenameCapture(attribute, old_name, new_name);
  by_name_.erase(old_name);
  by_name_.emplace(new_name, id);
  At(id).name = std::move(new_name);
  return true;
}

void Graph::RemoveValue(ValueId id) {
  by_name_.erase(value(id).name);
  At(id) = Value{};
}

// --- Graph: nodes ---

void Graph::AddUse(ValueId used, Use use) {
  if (used.valid()) uses_[static_cast<size_t>(used.index)].push_back(use);
}

void Graph::DropUse(ValueId used, Use use) {
  if (!used.valid()) return;
  std::vector<Use>& list = uses_[static_cast<size_t>(used.index)];
  const auto found = std::find(list.begin(), list.end(), use);
  if (found != list.end()) list.erase(found);
}

void Graph::UpdateCaptures(NodeId id) {
  for (const ValueId old : node(id).captures) DropUse(old, {id, Use::kCaptured});
  At(id).captures.clear();
  with_subgraphs_.erase(id);
  std::set<ValueId> seen;
  ForEachSubgraph(node(id), [&](const std::string&, const Graph& subgraph) {
    with_subgraphs_.insert(id);
    for (const ValueId inner : subgraph.captured()) {
      const ValueId outer = Find(subgraph.value(inner).name);
      if (!outer.valid() || !seen.insert(outer).second) continue;
      At(id).captures.push_back(outer);
      AddUse(outer, {id, Use::kCaptured});
    }
  });
}

NodeId Graph::AddNode(Node node) {
  const NodeId id{static_cast<int32_t>(nodes_.size())};
  nodes_.emplace_back(std::move(node));
  order_.push_back(id);
  At(id).captures.clear();
  for (size_t i = 0; i < At(id).inputs.size(); ++i)
    AddUse(At(id).inputs[i], {id, static_cast<int32_t>(i)});
  for (const ValueId output : At(id).outputs)
    if (output.valid()) At(output).producer = id;
  UpdateCaptures(id);
  return id;
}

NodeId Graph::AddNode(std::string op_type, std::vector<ValueId> inputs,
                      std::vector<ValueId> outputs, std::vector<Attribute> attributes,
                      std::string_view name_hint) {
  Node made;
  made.op_type = std::move(op_type);
  made.name = std::string(name_hint);
  made.inputs = std::move(inputs);
  made.outputs = std::move(outputs);
  made.attributes = std::move(attributes);
  return AddNode(std::move(made));
}

void Graph::RemoveNode(NodeId id) {
  Node& removed = At(id);
  for (size_t i = 0; i < removed.inputs.size(); ++i)
    DropUse(removed.inputs[i], {id, static_cast<int32_t>(i)});
  for (const ValueId captured : removed.captures) DropUse(captured, {id, Use::kCaptured});
  for (const ValueId output : removed.outputs)
    if (output.valid() && value(output).producer == id) At(output).producer = {};
  nodes_[static_cast<size_t>(id.index)].reset();
  with_subgraphs_.erase(id);
  order_.erase(std::find(order_.begin(), order_.end(), id));
}

void Graph::SetInput(NodeId id, size_t slot, ValueId used) {
  auto& inputs = At(id).inputs;
  if (slot >= inputs.size()) inputs.resize(slot + 1, kNoValue);
  const Use use{id, static_cast<int32_t>(slot)};
  DropUse(inputs[slot], use);
  inputs[slot] = used;
  AddUse(used, use);
}

void Graph::SetNodeInputs(NodeId id, std::vector<ValueId> values) {
  auto& inputs = At(id).inputs;
  for (size_t i = 0; i < inputs.size(); ++i) DropUse(inputs[i], {id, static_cast<int32_t>(i)});
  inputs = std::move(values);
  for (size_t i = 0; i < inputs.size(); ++i) AddUse(inputs[i], {id, static_cast<int32_t>(i)});
}

void Graph::SetNodeOutputs(NodeId id, std::vector<ValueId> values) {
  for (const ValueId output : node(id).outputs)
    if (output.valid() && value(output).producer == id) At(output).producer = {};
  At(id).outputs = std::move(values);
  for (const ValueId output : node(id).outputs)
    if (output.valid()) At(output).producer = id;
}

void Graph::SetOpType(NodeId id, std::string op_type, std::string domain) {
  At(id).op_type = std::move(op_type);
  At(id).domain = std::move(domain);
}

void Graph::SetNodeName(NodeId id, std::string node_name) { At(id).name = std::move(node_name); }

void Graph::SetNodeDocumentation(NodeId id, std::string doc, Metadata node_metadata,
                                 std::string opaque_fields) {
  At(id).doc_string = std::move(doc);
  At(id).metadata = std::move(node_metadata);
  At(id).opaque_fields = std::move(opaque_fields);
}

void Graph::SetAttribute(NodeId id, Attribute attribute) {
  auto& attributes = At(id).attributes;
  const auto found = std::find_if(attributes.begin(), attributes.end(),
                                  [&](const Attribute& a) { return a.name == attribute.name; });
  if (found == attributes.end())
    attributes.push_back(std::move(attribute));
  else
    *found = std::move(attribute);
  UpdateCaptures(id);
}

void Graph::RemoveAttribute(NodeId id, std::string_view attribute_name) {
  std::erase_if(At(id).attributes, [&](const Attribute& a) { return a.name == attribute_name; });
  UpdateCaptures(id);
}

void Graph::ReplaceUses(ValueId from, ValueId to) {
  if (from == to) return;
  for (const Use& use : std::vector<Use>(uses(from))) {
    if (use.slot != Use::kCaptured) {
      SetInput(use.node, static_cast<size_t>(use.slot), to);
      continue;
    }
    for (Attribute& attribute : At(use.node).attributes)
      RenameCapture(attribute, value(from).name, value(to).name);
    UpdateCaptures(use.node);
  }
}

bool Graph::ReplaceEverywhere(ValueId from, ValueId to) {
  if (from == to) return true;
  if (!IsOutput(from)) {
    ReplaceUses(from, to);
    return true;
  }
  const Value& target = value(to);
  if (IsInput(to) || IsOutput(to) || target.initializer || target.sparse_initializer ||
      target.captured || IsInput(from))
    return false;
  ReplaceUses(from, to);
  std::replace(outputs_.begin(), outputs_.end(), from, to);
  // The output keeps its name: `from` gets a spare one until it is removed as dead.
  const std::string kept = value(from).name;
  std::string spare = kept + "_replaced";
  while (NameTaken(spare)) spare += "_";
  Rename(from, std::move(spare));
  Rename(to, kept);
  return true;
}

std::unordered_set<std::string> AllNames(const Graph& graph) {
  std::unordered_set<std::string> names;
  CollectNames(graph, names);
  return names;
}

}  // namespace edgeopt::ir
