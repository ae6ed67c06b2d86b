// ConvertVersion: ONNX's version converter on a model without its heavy weights. The converter
// keeps structure and types only; what else the IR knew is put back by name afterwards.
#include <algorithm>
#include <exception>
#include <string_view>

#include "formats/onnx/message.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/defs/schema.h"
#include "onnx/version_converter/convert.h"

namespace edgeopt::formats {
namespace {

void RestoreGraph(const ir::Graph& original, ir::Graph& converted);

// Whether the converter left the type as it was, apart from what it can't represent. (Its Scan 8 to
// 9 takes the batch axis away.)
bool SameType(const ir::Type& before, const ir::Type& after) {
  if (after.kind == ir::Type::Kind::kNone) return true;
  if (before.kind != after.kind || before.element != after.element) return false;
  if (!before.shape || !after.shape) return true;
  const auto same_dim = [](const ir::Dim& x, const ir::Dim& y) {
    return !x.value || !y.value || *x.value == *y.value;
  };
  return std::equal(before.shape->begin(), before.shape->end(), after.shape->begin(),
                    after.shape->end(), same_dim);
}

void RestoreValue(const ir::Graph& original, ir::Graph& converted, ir::ValueId id) {
  const ir::ValueId before = original.Find(converted.value(id).name);
  if (!before.valid()) return;
  const ir::Value& value = original.value(before);
  converted.SetDocumentation(id, value.doc_string, value.metadata);
  const ir::Type type = converted.value(id).type;
  if (value.initializer && converted.value(id).initializer == value.initializer)
    converted.SetInitializer(id, *value.initializer);
  const bool known = value.type.kind != ir::Type::Kind::kNone;
  converted.SetType(id, known && SameType(value.type, type) ? value.type : type);
}

ir::GraphPtr RestoreSubgraph(const ir::GraphPtr& original, const ir::GraphPtr& converted) {
  ir::Graph copy = *converted;
  RestoreGraph(*original, copy);
  return std::make_shared<const ir::Graph>(std::move(copy));
}

void RestoreSubgraphs(const ir::Node& original, ir::Graph& converted, ir::NodeId id) {
  const std::vector<ir::Attribute> attributes = converted.node(id).attributes;
  for (ir::Attribute attribute : attributes) {
    const ir::Attribute* before = original.FindAttribute(attribute.name);
    if (before == nullptr) continue;
    attribute.doc_string = before->doc_string;
    if (const auto* one = before->get<ir::GraphPtr>(); one && attribute.get<ir::GraphPtr>())
      attribute.value = RestoreSubgraph(*one, *attribute.get<ir::GraphPtr>());
    converted.SetAttribute(id, std::move(attribute));
  }
}

// A node that still makes the same value with the same operator is the same node.
const ir::Node* NodeBefore(const ir::Graph& original, const ir::Graph& converted, ir::NodeId id) {
  const ir::Node& node = converted.node(id);
  for (const ir::ValueId output : node.outputs) {
    if (!output.valid()) continue;
    const ir::ValueId before = original.Find(converted.value(output).name);
    const ir::NodeId producer = original.producer(before);
    if (!producer.valid()) return nullptr;
    const ir::Node& found = original.node(producer);
    return found.op_type == node.op_type && found.domain == node.domain ? &found : nullptr;
  }
  return nullptr;
}

void RestoreGraph(const ir::Graph& original, ir::Graph& converted) {
  converted.name = original.name;
  converted.doc_string = original.doc_string;
  converted.metadata = original.metadata;
  converted.opaque_fields = original.opaque_fields;
  for (size_t i = 0; i < converted.value_bound(); ++i)
    if (converted.alive(ir::ValueId{static_cast<int32_t>(i)}))
      RestoreValue(original, converted, {static_cast<int32_t>(i)});
  for (const ir::NodeId id : converted.nodes()) {
    const ir::Node* before = NodeBefore(original, converted, id);
    if (before == nullptr) continue;
    converted.SetNodeDocumentation(id, before->doc_string, before->metadata, before->opaque_fields);
    RestoreSubgraphs(*before, converted, id);
  }
}

// A caller feeds and reads the model as before. (ONNX's step of Scan from 8 to 9 takes the batch
// axis of the whole model away.)
Status CheckInterface(const ir::Graph& original, const ir::Graph& converted) {
  const auto check = [&](const std::vector<ir::ValueId>& before,
                         const std::vector<ir::ValueId>& after) -> Status {
    if (before.size() != after.size())
      return Unsupported("it changes the number of inputs or outputs");
    for (size_t i = 0; i < before.size(); ++i) {
      const ir::Value &old_value = original.value(before[i]), &value = converted.value(after[i]);
      if (old_value.name != value.name || !SameType(old_value.type, value.type))
        return Unsupported("it changes '" + old_value.name + "' from " +
                           ir::ToString(old_value.type) + " to " + ir::ToString(value.type));
    }
    return OkStatus();
  };
  EDGEOPT_CHECK_OK(check(original.inputs(), converted.inputs()));
  return check(original.outputs(), converted.outputs());
}

Status CheckRequest(const ir::Model& model, int64_t opset) {
  const auto& ranges = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  const int64_t newest = ranges.at("").second;
  if (opset < 1 || opset > newest)
    return Unsupported("opset " + std::to_string(opset) + " is not known",
                       "choose one from 1 to " + std::to_string(newest));
  if (model.OpsetVersion() == 0) return Unsupported("the model imports no ai.onnx operator set");
  if (!model.functions.empty())
    return Unsupported("a model with functions can't be converted to another opset",
                       "inline its functions first");
  return OkStatus();
}

}  // namespace

Result<ir::Model> ConvertVersion(const ir::Model& model, int64_t opset) {
  EDGEOPT_CHECK_OK(CheckRequest(model, opset));
  if (model.OpsetVersion() == opset) return model;
  const std::string step =
      "from opset " + std::to_string(model.OpsetVersion()) + " to " + std::to_string(opset);
  internal::Shell shell;
  onnx::ModelProto proto = internal::ToProto(model, {.fill = shell.Filler()});
  // From IR version 4 on initializers need not be inputs: neither those that the converter adds nor
  // those of a model that a pass went over.
  const int64_t ir_version = std::max<int64_t>(model.ir_version, 4);
  proto.set_ir_version(ir_version);
  try {
    proto = onnx::version_conversion::ConvertVersion(proto, static_cast<int>(opset));
  } catch (const std::exception& error) {
    return Unsupported("ONNX's converter can't go " + step + ": " +
                       internal::Message(error.what()));
  }
  proto.set_ir_version(ir_version);
  auto converted = internal::FromProto(proto, shell.Lookup());
  if (!converted.ok()) return converted.error().Within("conversion " + step);
  const Status interface = CheckInterface(model.graph, converted->graph);
  if (!interface.ok()) return interface.error().Within("conversion " + step);
  ir::Model result = model;
  result.ir_version = converted->ir_version;
  result.opset_imports = converted->opset_imports;
  RestoreGraph(model.graph, converted->graph);
  result.graph = std::move(converted->graph);
  return result;
}

}  // namespace edgeopt::formats
