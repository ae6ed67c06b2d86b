// ModelProto to ir::Model; the graphs are GraphReader's business.
#include <set>
#include <tuple>
#include <utility>

#include "formats/onnx/graph_reader.h"
#include "ir/verifier.h"

namespace edgeopt::formats::internal {
namespace {

using google::protobuf::RepeatedPtrField;

std::vector<ir::OpsetImport> ImportsFromProto(
    const RepeatedPtrField<onnx::OperatorSetIdProto>& from) {
  std::vector<ir::OpsetImport> imports;
  for (const onnx::OperatorSetIdProto& one : from) imports.push_back({one.domain(), one.version()});
  return imports;
}

std::string OpaqueFields(onnx::ModelProto& proto) {
  onnx::ModelProto keep;
  keep.mutable_training_info()->Swap(proto.mutable_training_info());
  keep.mutable_configuration()->Swap(proto.mutable_configuration());
  keep.mutable_unknown_fields()->Swap(proto.mutable_unknown_fields());
  return keep.ByteSizeLong() == 0 ? std::string() : keep.SerializeAsString();
}

Result<ir::Function> FunctionFromProto(onnx::FunctionProto& proto, const ExternalData& external) {
  ir::Function function;
  function.name = proto.name();
  function.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  function.overload = proto.overload();
  function.attributes.assign(proto.attribute().begin(), proto.attribute().end());
  function.opset_imports = ImportsFromProto(proto.opset_import());
  for (onnx::AttributeProto& from : *proto.mutable_attribute_proto()) {
    EDGEOPT_TRY(ir::Attribute attribute, GraphReader(external, nullptr).ReadAttribute(from));
    function.attribute_defaults.push_back(std::move(attribute));
  }
  EDGEOPT_TRY(function.body, GraphReader(external, nullptr).Read(proto));
  return function;
}

Status CheckHeader(const onnx::ModelProto& proto) {
  if (!proto.has_graph()) return BadInput("the model has no graph");
  if (proto.ir_version() <= 0) return BadInput("the model has no IR version");
  if (proto.ir_version() > onnx::IR_VERSION)
    return Unsupported("the model has IR version " + std::to_string(proto.ir_version()) +
                           ", the newest known one is " + std::to_string(onnx::IR_VERSION),
                       "export it for an older version of ONNX");
  // Before IR version 3 opset 1 was meant.
  if (proto.opset_import_size() == 0 && proto.ir_version() >= 3)
    return BadInput("the model imports no operator set");
  if (proto.graph().output_size() == 0)
    return BadInput("the model has no outputs", "export it again with at least one output");
  return OkStatus();
}

}  // namespace

ir::Metadata MetadataFromProto(const RepeatedPtrField<onnx::StringStringEntryProto>& entries) {
  ir::Metadata metadata;
  for (const auto& entry : entries) metadata.emplace_back(entry.key(), entry.value());
  return metadata;
}

Result<ir::Model> FromProto(onnx::ModelProto& proto, const ExternalData& external) {
  EDGEOPT_CHECK_OK(CheckHeader(proto));
  ir::Model model;
  model.ir_version = proto.ir_version();
  model.opset_imports = ImportsFromProto(proto.opset_import());
  model.producer_name = proto.producer_name();
  model.producer_version = proto.producer_version();
  model.domain = proto.domain();
  model.doc_string = proto.doc_string();
  model.model_version = proto.model_version();
  model.metadata = MetadataFromProto(proto.metadata_props());
  model.opaque_fields = OpaqueFields(proto);
  EDGEOPT_TRY(model.graph, GraphReader(external, nullptr).Read(*proto.mutable_graph()));
  std::set<std::tuple<std::string, std::string, std::string>> ids;
  for (onnx::FunctionProto& from : *proto.mutable_functions()) {
    auto function = FunctionFromProto(from, external);
    if (!function.ok()) return function.error().Within("function '" + from.name() + "'");
    if (!ids.insert({function->domain, function->name, function->overload}).second)
      return BadInput("the function '" + function->name + "' is defined twice");
    model.functions.push_back(std::move(*function));
  }
  EDGEOPT_CHECK_OK(ir::Verify(model));
  return model;
}

}  // namespace edgeopt::formats::internal
