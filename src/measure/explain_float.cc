// Why an operator of a quantized model ran in float.
#include <map>

#include "measure/profile.h"
#include "passes/quantize/rules.h"

namespace edgeopt::measure {
namespace {

namespace quantize = passes::quantize;

// Finds the node of the file behind a node of the runtime's optimized graph, whose name is that of
// a node or of a value, with a suffix of the rewrite that made it.
class Origins {
 public:
  explicit Origins(const ir::Graph& graph) : graph_(graph) {
    for (const ir::NodeId id : graph.nodes()) {
      if (!graph.node(id).name.empty()) by_name_.emplace(graph.node(id).name, id);
      for (const ir::ValueId output : graph.node(id).outputs)
        if (output.valid()) by_value_.emplace(graph.value(output).name, id);
    }
  }

  ir::NodeId Find(std::string name, const std::string& op_type) const {
    while (true) {
      for (const auto* table : {&by_name_, &by_value_})
        if (const auto found = table->find(name);
            found != table->end() && graph_.node(found->second).op_type == op_type)
          return found->second;
      // "conv1_nchwc", "Conv_12_token_7", "add_quant"
      const size_t underscore = name.rfind('_');
      if (underscore == std::string::npos || underscore == 0) return {};
      name.resize(underscore);
    }
  }

 private:
  const ir::Graph& graph_;
  std::map<std::string, ir::NodeId> by_name_, by_value_;
};

// The value comes out of a DequantizeLinear.
bool IsDequantized(const ir::Graph& graph, ir::ValueId value) {
  return graph.ProducerIf(value, "DequantizeLinear") != nullptr;
}

std::string SourceOf(const ir::Graph& graph, ir::ValueId value) {
  const std::string name = "'" + graph.value(value).name + "'";
  const ir::NodeId producer = graph.producer(value);
  if (producer.valid()) return name + " (of " + graph.node(producer).op_type + ")";
  return graph.IsInput(value) ? name + " (an input of the model)" : name;
}

// The first use that wants the value as it is, in words; empty when all quantize it.
std::string FloatUseOf(const ir::Graph& graph, ir::ValueId value) {
  if (graph.IsOutput(value)) return "is an output of the model";
  for (const ir::Use& use : graph.uses(value))
    if (!graph.node(use.node).Is("QuantizeLinear"))
      return "is used in float by " + graph.node(use.node).op_type;
  return {};
}

std::string ReasonFor(const ir::Graph& graph, const ir::Node& node,
                      const quantize::RuleSet& rules) {
  const quantize::OpRule* rule = quantize::FindRule(rules, node);
  if (rule == nullptr) return "no int8 kernel for " + node.op_type;
  for (const size_t slot : quantize::DataInputSlots(*rule, node))
    if (node.input(slot).valid() && !IsDequantized(graph, node.input(slot)))
      return "input " + SourceOf(graph, node.input(slot)) + " is not quantized";
  const ir::ValueId weight =
      rule->weight_input >= 0 ? node.input(static_cast<size_t>(rule->weight_input)) : ir::kNoValue;
  if (weight.valid() && !IsDequantized(graph, weight))
    return "weight " + SourceOf(graph, weight) + " is not quantized";
  const ir::ValueId output = node.output(0);
  if (const std::string use = output.valid() ? FloatUseOf(graph, output) : ""; !use.empty())
    return "output '" + graph.value(output).name + "' " + use;
  return "the runtime has no int8 kernel for this combination of types, shapes and attributes";
}

bool IsQuantized(const ir::Graph& graph) {
  for (const ir::NodeId id : graph.nodes())
    if (graph.node(id).Is("DequantizeLinear")) return true;
  return false;
}

}  // namespace

void ExplainFloat(const ir::Model& model, Profile& profile) {
  const ir::Graph& graph = model.graph;
  if (!IsQuantized(graph)) return;
  // The rule sets differ in types alone, not in which operators have an int8 kernel.
  const quantize::RuleSet& rules = quantize::RuleSets().front();
  const Origins origins(graph);
  for (NodeProfile& node : profile.nodes) {
    if (node.kind != KernelKind::kFloat || node.nested) continue;
    const ir::NodeId origin = origins.Find(node.node, node.op_type);
    node.reason = origin.valid() ? ReasonFor(graph, graph.node(origin), rules)
                                 : "made by the runtime, in float";
  }
}

}  // namespace edgeopt::measure
