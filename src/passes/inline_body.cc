#include "passes/inline_body.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

namespace edgeopt::passes {
namespace {

using ir::Graph;
using ir::Node;
using ir::NodeId;
using ir::ValueId;

class BodyInliner {
 public:
  BodyInliner(Graph& graph, Graph body) : graph_(graph), body_(std::move(body)) {
    body_.ReserveNames(nullptr);
  }

  std::vector<ValueId> Run(const std::vector<ValueId>& arguments, std::string_view node_suffix) {
    AdoptOwn();
    // Only now no value of the body's own has the name of an argument.
    for (size_t i = 0; i < arguments.size(); ++i) Bind(body_.inputs()[i], arguments[i]);
    AdoptCaptured();
    for (const NodeId id : body_.nodes()) {
      Node node = body_.node(id);
      for (ValueId& input : node.inputs) input = Adopted(input);
      for (ValueId& output : node.outputs) output = Adopted(output);
      if (!node.name.empty()) node.name += node_suffix;
      graph_.AddNode(std::move(node));
    }
    std::vector<ValueId> outputs;
    for (const ValueId output : body_.outputs()) outputs.push_back(Adopted(output));
    return outputs;
  }

 private:
  // Every value that the body makes gets its counterpart here, a new one of the same name where
  // that is free. Where it is not, the body is renamed first, so that subgraphs inside of it
  // follow.
  void AdoptOwn() {
    for (size_t i = 0; i < body_.value_bound(); ++i) {
      const ValueId id{static_cast<int32_t>(i)};
      if (!body_.alive(id) || body_.value(id).captured || body_.IsInput(id)) continue;
      const ValueId copy = FreshValue(id);
      const ir::Value& value = body_.value(id);
      graph_.SetType(copy, value.type);
      if (value.initializer) graph_.SetInitializer(copy, *value.initializer);
      if (value.sparse_initializer) graph_.SetSparseInitializer(copy, *value.sparse_initializer);
      graph_.SetDocumentation(copy, value.doc_string, value.metadata);
      adopted_[id.index] = copy;
    }
  }

  ValueId FreshValue(ValueId id) {
    const std::string hint = body_.value(id).name;
    for (;;) {
      const ValueId copy = graph_.AddValue(hint);
      if (body_.Rename(id, graph_.value(copy).name)) return copy;
      graph_.RemoveValue(copy);  // taken inside of the body; AddValue counts on
    }
  }

  // The input becomes a captured value, so that subgraphs inside of the body follow.
  void Bind(ValueId input, ValueId argument) {
    const std::string name = graph_.value(argument).name;
    adopted_[input.index] = argument;
    if (body_.value(input).name == name) return;
    ValueId captured = body_.Find(name);
    if (captured.valid() && !body_.value(captured).captured) {
      // Another input, which will have a name of its own.
      std::string spare = name + "_input";
      while (!body_.Rename(captured, spare)) spare += '_';
      captured = ir::kNoValue;
    }
    if (!captured.valid()) {
      captured = body_.AddNamedValue(name);
      body_.SetCaptured(captured);
    }
    body_.ReplaceUses(input, captured);
  }

  void AdoptCaptured() {
    for (const ValueId id : body_.captured()) {
      const std::string& name = body_.value(id).name;
      ValueId found = graph_.Find(name);
      if (!found.valid()) {
        // From further out than this graph, which so far only the body referred to.
        found = graph_.AddNamedValue(name);
        graph_.SetCaptured(found);
        graph_.SetType(found, body_.value(id).type);
      }
      adopted_[id.index] = found;
    }
  }

  ValueId Adopted(ValueId id) const { return id.valid() ? adopted_.at(id.index) : ir::kNoValue; }

  Graph& graph_;
  Graph body_;
  std::unordered_map<int32_t, ValueId> adopted_;  // from values of the body
};

}  // namespace

std::vector<ValueId> InlineBody(Graph& graph, Graph body, const std::vector<ValueId>& arguments,
                                std::string_view node_suffix) {
  return BodyInliner(graph, std::move(body)).Run(arguments, node_suffix);
}

}  // namespace edgeopt::passes
