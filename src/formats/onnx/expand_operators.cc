// ExpandOperators: ONNX defines some operators as functions of others. Their definitions become
// functions of the model, one per node, since they may depend on the types of its inputs; ONNX's
// inliner then puts them in the nodes' places.
#include <exception>
#include <optional>

#include "formats/onnx/message.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/defs/schema.h"
#include "onnx/inliner/inliner.h"

namespace edgeopt::formats {
namespace {

constexpr const char* kDomain = "edgeopt.expanded";

// The inliner leaves out what a call does not say.
void SpellOutDefaults(const onnx::OpSchema& schema, onnx::NodeProto& node) {
  for (const auto& [name, attribute] : schema.attributes()) {
    if (attribute.default_value.name().empty()) continue;
    bool given = false;
    for (const onnx::AttributeProto& own : node.attribute()) given |= own.name() == name;
    if (!given) *node.add_attribute() = attribute.default_value;
  }
}

class Expander {
 public:
  Expander(const ir::Model& model, onnx::ModelProto& proto)
      : opset_(static_cast<int>(model.OpsetVersion())), proto_(proto) {}

  // Of the graph, and of the subgraphs in it.
  int64_t Run(const ir::Graph& graph, onnx::GraphProto& proto,
              const std::function<bool(const ir::Node&)>& wanted) {
    int64_t count = 0;
    // ToProto keeps the order of the nodes, and of their attributes.
    int index = 0;
    for (const ir::NodeId id : graph.nodes()) {
      onnx::NodeProto& node = *proto.mutable_node(index++);
      const auto& attributes = graph.node(id).attributes;
      for (size_t i = 0; i < attributes.size(); ++i)
        if (const auto* subgraph = attributes[i].get<ir::GraphPtr>())
          count +=
              Run(**subgraph, *node.mutable_attribute(static_cast<int>(i))->mutable_g(), wanted);
      if (!graph.node(id).domain.empty() || !wanted(graph.node(id))) continue;
      if (MakeCall(graph, graph.node(id), node)) ++count;
    }
    return count;
  }

 private:
  bool MakeCall(const ir::Graph& graph, const ir::Node& node, onnx::NodeProto& proto) {
    const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(node.op_type, opset_, "");
    if (schema == nullptr) return false;
    onnx::NodeProto call = proto;
    SpellOutDefaults(*schema, call);
    auto definition = DefinitionOf(*schema, graph, node, call);
    // The inliner knows no functions of any number of inputs.
    if (!definition || call.input_size() > definition->input_size()) return false;
    const std::string name = node.op_type + std::to_string(proto_.functions_size());
    definition->set_domain(kDomain);
    definition->set_name(name);
    call.set_domain(kDomain);
    call.set_op_type(name);
    proto = std::move(call);
    *proto_.add_functions() = *std::move(definition);
    return true;
  }

  // A definition holds up to the opset that has the next one; what it imports itself is the opset
  // that it was written for.
  std::optional<onnx::FunctionProto> DefinitionOf(const onnx::OpSchema& schema,
                                                  const ir::Graph& graph, const ir::Node& node,
                                                  const onnx::NodeProto& call) const {
    onnx::FunctionProto definition;
    if (schema.HasFunction()) {
      const onnx::FunctionProto* stored = schema.GetFunction(opset_, /*validate=*/false);
      if (stored == nullptr) return std::nullopt;
      definition = *stored;
    } else if (!schema.HasContextDependentFunction() ||
               !Build(schema, graph, node, call, definition)) {
      return std::nullopt;
    }
    for (auto& import : *definition.mutable_opset_import())
      if (import.domain().empty()) import.set_version(opset_);
    return definition;
  }

  bool Build(const onnx::OpSchema& schema, const ir::Graph& graph, const ir::Node& node,
             const onnx::NodeProto& call, onnx::FunctionProto& definition) const {
    std::vector<onnx::TypeProto> types;
    for (const ir::ValueId input : node.inputs) {
      onnx::TypeProto& type = types.emplace_back();
      if (input.valid()) internal::TypeToProto(graph.value(input).type, type);
    }
    try {
      const onnx::FunctionBodyBuildContextImpl context(call, types);
      return schema.BuildContextDependentFunction(context, definition, opset_);
    } catch (const std::exception&) {
      // It has none for these inputs.
      return false;
    }
  }

  int opset_;
  onnx::ModelProto& proto_;
};

}  // namespace

Result<int64_t> ExpandOperators(ir::Model& model,
                                const std::function<bool(const ir::Node&)>& wanted) {
  internal::Shell shell;
  onnx::ModelProto proto = internal::ToProto(model, {.fill = shell.Filler()});
  const int64_t count = Expander(model, proto).Run(model.graph, *proto.mutable_graph(), wanted);
  if (count == 0) return count;
  try {
    onnx::inliner::InlineLocalFunctions(proto, /*convert_version=*/false);
  } catch (const std::exception& error) {
    return Unsupported("ONNX's inliner can't put definitions in place of operators: " +
                       internal::Message(error.what()));
  }
  EDGEOPT_TRY(model, internal::FromProto(proto, shell.Lookup()));
  return count;
}

}  // namespace edgeopt::formats
