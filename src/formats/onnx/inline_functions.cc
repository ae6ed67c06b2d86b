// InlineFunctions: ONNX's inliner on a model without its heavy weights.
#include <algorithm>
#include <exception>
#include <map>
#include <tuple>

#include "formats/onnx/message.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/inliner/inliner.h"

namespace edgeopt::formats {
namespace {

using google::protobuf::RepeatedPtrField;

using FunctionId = std::tuple<std::string, std::string, std::string>;
using Defaults = std::map<FunctionId, RepeatedPtrField<onnx::AttributeProto>>;

// ONNX's inliner (1.23) forgets the default values of a function's attributes, so each call gets
// them spelled out first.
void SpellOutDefaults(const Defaults& defaults, RepeatedPtrField<onnx::NodeProto>* nodes) {
  for (onnx::NodeProto& node : *nodes) {
    for (onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) SpellOutDefaults(defaults, attribute.mutable_g()->mutable_node());
      for (onnx::GraphProto& subgraph : *attribute.mutable_graphs())
        SpellOutDefaults(defaults, subgraph.mutable_node());
    }
    const auto callee = defaults.find({node.domain(), node.op_type(), node.overload()});
    if (callee == defaults.end()) continue;
    for (const onnx::AttributeProto& value : callee->second) {
      const auto& given = node.attribute();
      const bool present = std::any_of(given.begin(), given.end(), [&](const auto& attribute) {
        return attribute.name() == value.name();
      });
      if (!present) *node.add_attribute() = value;
    }
  }
}

void SpellOutDefaults(onnx::ModelProto& model) {
  Defaults defaults;
  for (const onnx::FunctionProto& function : model.functions())
    if (function.attribute_proto_size() > 0)
      defaults[{function.domain(), function.name(), function.overload()}] =
          function.attribute_proto();
  if (defaults.empty()) return;
  SpellOutDefaults(defaults, model.mutable_graph()->mutable_node());
  for (onnx::FunctionProto& function : *model.mutable_functions())
    SpellOutDefaults(defaults, function.mutable_node());
}

}  // namespace

Result<ir::Model> InlineFunctions(const ir::Model& model) {
  if (model.functions.empty()) return model;
  internal::Shell shell;
  onnx::ModelProto proto = internal::ToProto(model, {.fill = shell.Filler()});
  SpellOutDefaults(proto);
  try {
    onnx::inliner::InlineLocalFunctions(proto, /*convert_version=*/true);
  } catch (const std::exception& error) {
    return Unsupported("ONNX's inliner can't inline the model's functions: " +
                       internal::Message(error.what()));
  }
  return internal::FromProto(proto, shell.Lookup());
}

}  // namespace edgeopt::formats
