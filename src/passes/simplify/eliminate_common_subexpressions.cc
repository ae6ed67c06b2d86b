// eliminate-common-subexpressions: what is computed or stored twice is computed or stored once.
//
// Before:   a = Op<p>(x, y);  b = Op<p>(x, y);  z = F(a, b)       or two equal initializers
// After:    a = Op<p>(x, y);  z = F(a, a)
// Requires: Op is a deterministic ai.onnx operator without subgraphs; all attributes are equal; not
//           both a and b are graph outputs. Initializers: equal type, shape and bytes; neither is
//           also an input or output.
// Maths:    none.
// Numerics: exact.
// Source:   A. Aho et al., Compilers (2nd ed.), section 8.5.1 (value numbering).
#include <cstring>
#include <map>
#include <unordered_map>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::NodeId;
using ir::Tensor;
using ir::ValueId;

// Nodes with equal keys compute the same.
class Key {
 public:
  void Add(const std::string& text) {
    Add(static_cast<int64_t>(text.size()));
    text_ += text;
  }
  void Add(int64_t number) { text_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void Add(float number) { text_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void Add(const Tensor& tensor) {
    Add(static_cast<int64_t>(tensor.type()));
    Add(tensor.dims());
    Add(tensor.strings());
    Add(std::string(tensor.data().text()));
  }
  template <typename T>
  void Add(const std::vector<T>& list) {
    Add(static_cast<int64_t>(list.size()));
    for (const T& element : list) Add(element);
  }
  // Subgraphs, sparse tensors, types: no key.
  template <typename T>
  void Add(const T&) {
    valid_ = false;
  }

  bool valid() const { return valid_; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool valid_ = true;
};

Key KeyOf(const Node& node) {
  Key key;
  key.Add(node.op_type);
  key.Add(static_cast<int64_t>(node.outputs.size()));
  std::map<std::string, const ir::Attribute*> sorted;
  for (const ir::Attribute& attribute : node.attributes) sorted[attribute.name] = &attribute;
  for (const auto& [name, attribute] : sorted) {
    key.Add(name);
    key.Add(static_cast<int64_t>(attribute->value.index()));
    std::visit([&](const auto& value) { key.Add(value); }, attribute->value);
  }
  for (const ValueId input : node.inputs) key.Add(int64_t{input.index});
  return key;
}

void MergeNodes(Rewriter& rewriter) {
  ir::Graph& graph = rewriter.graph();
  std::unordered_map<std::string, NodeId> first_of;
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    if (!IsDeterministic(node)) continue;
    const Key key = KeyOf(node);
    if (!key.valid()) continue;
    const NodeId first = first_of.emplace(key.text(), id).first->second;
    if (first == id) continue;
    const std::vector<ValueId> outputs = node.outputs;
    bool all = true;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const ValueId kept = graph.node(first).outputs[i];
      if (outputs[i].valid()) all &= kept.valid() && rewriter.Replace(outputs[i], kept);
    }
    if (!all) {
      rewriter.Skip(id, "both it and its equal, " + graph.Describe(first) + ", are graph outputs");
      continue;
    }
    rewriter.RemoveIfUnused(id);
    rewriter.Count();
  }
}

// Equal tensors have equal summaries: cheap to compute, and few others have.
std::string SummaryOf(const Tensor& tensor) {
  Key key;
  key.Add(static_cast<int64_t>(tensor.type()));
  key.Add(tensor.dims());
  constexpr size_t kEnds = 64;
  const std::string_view bytes = tensor.data().text();
  key.Add(std::string(bytes.substr(0, kEnds)));
  key.Add(std::string(bytes.substr(bytes.size() - std::min(kEnds, bytes.size()))));
  if (tensor.type() == ir::DataType::kString) key.Add(tensor.strings());
  return key.text();
}

void MergeInitializers(Rewriter& rewriter) {
  ir::Graph& graph = rewriter.graph();
  std::unordered_map<std::string, std::vector<ValueId>> alike;
  for (const ValueId id : graph.initializers()) {
    const ir::Value& value = graph.value(id);
    if (!value.initializer || graph.IsInput(id) || graph.IsOutput(id)) continue;
    std::vector<ValueId>& firsts = alike[SummaryOf(*value.initializer)];
    ValueId equal = ir::kNoValue;
    for (const ValueId first : firsts)
      if (*graph.value(first).initializer == *value.initializer) equal = first;
    if (!equal.valid()) {
      firsts.push_back(id);
      continue;
    }
    graph.ReplaceUses(id, equal);
    graph.RemoveValue(id);
    rewriter.Count();
  }
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverGraphs(model, context, [](Rewriter& rewriter) {
    MergeInitializers(rewriter);
    MergeNodes(rewriter);
    return OkStatus();
  });
}

}  // namespace

Pass eliminate_common_subexpressions() {
  return {"eliminate-common-subexpressions", "equal computations and equal constants are shared",
          Run};
}

}  // namespace edgeopt::passes
