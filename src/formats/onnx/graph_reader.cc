#include "formats/onnx/graph_reader.h"

#include <utility>

namespace edgeopt::formats::internal {
namespace {

using google::protobuf::RepeatedPtrField;
using ir::ValueId;

// The serialized fields that the IR only carries: `keep` holds a copy of just these.
template <typename Message>
std::string Opaque(const Message& keep) {
  return keep.ByteSizeLong() == 0 ? std::string() : keep.SerializeAsString();
}

std::string OpaqueFields(onnx::GraphProto& proto) {
  onnx::GraphProto keep;
  keep.mutable_quantization_annotation()->Swap(proto.mutable_quantization_annotation());
  keep.mutable_unknown_fields()->Swap(proto.mutable_unknown_fields());
  return Opaque(keep);
}

std::string OpaqueFields(onnx::NodeProto& proto) {
  onnx::NodeProto keep;
  keep.mutable_device_configurations()->Swap(proto.mutable_device_configurations());
  keep.mutable_unknown_fields()->Swap(proto.mutable_unknown_fields());
  return Opaque(keep);
}

Error Undefined(const std::string& reader, const std::string& name) {
  return BadInput(reader + " reads '" + name + "', which nothing defines",
                  "the file is damaged or was edited; export the model again");
}

}  // namespace

std::string Describe(const onnx::NodeProto& node) {
  std::string label = node.name();
  for (int i = 0; label.empty() && i < node.output_size(); ++i) label = node.output(i);
  const std::string domain = node.domain().empty() ? "" : node.domain() + ".";
  return "node '" + label + "' (" + domain + node.op_type() + ")";
}

Result<ir::Graph> GraphReader::Read(onnx::GraphProto& proto) {
  graph_.name = proto.name();
  graph_.doc_string = proto.doc_string();
  graph_.metadata = MetadataFromProto(proto.metadata_props());
  graph_.opaque_fields = OpaqueFields(proto);
  for (const onnx::ValueInfoProto& input : proto.input())
    EDGEOPT_CHECK_OK(DeclareInput(input.name()));
  EDGEOPT_CHECK_OK(DeclareInitializers(proto));
  EDGEOPT_CHECK_OK(DeclareNodeOutputs(proto.node()));
  // The types of inputs and outputs last: they are the model's interface.
  for (onnx::ValueInfoProto& info : *proto.mutable_value_info())
    EDGEOPT_CHECK_OK(Describe(info, /*create=*/true));
  for (onnx::ValueInfoProto& info : *proto.mutable_output())
    EDGEOPT_CHECK_OK(Describe(info, /*create=*/false));
  for (onnx::ValueInfoProto& info : *proto.mutable_input())
    EDGEOPT_CHECK_OK(Describe(info, /*create=*/false));
  EDGEOPT_CHECK_OK(ReadNodes(*proto.mutable_node()));
  for (const onnx::ValueInfoProto& output : proto.output())
    EDGEOPT_CHECK_OK(AddOutput(output.name()));
  EDGEOPT_CHECK_OK(graph_.SortTopologically());
  return std::move(graph_);
}

Result<ir::Graph> GraphReader::Read(onnx::FunctionProto& proto) {
  graph_.name = proto.name();
  graph_.doc_string = proto.doc_string();
  graph_.metadata = MetadataFromProto(proto.metadata_props());
  onnx::FunctionProto keep;
  keep.mutable_unknown_fields()->Swap(proto.mutable_unknown_fields());
  graph_.opaque_fields = Opaque(keep);
  for (const std::string& name : proto.input()) EDGEOPT_CHECK_OK(DeclareInput(name));
  EDGEOPT_CHECK_OK(DeclareNodeOutputs(proto.node()));
  for (onnx::ValueInfoProto& info : *proto.mutable_value_info())
    EDGEOPT_CHECK_OK(Describe(info, /*create=*/true));
  EDGEOPT_CHECK_OK(ReadNodes(*proto.mutable_node()));
  for (const std::string& name : proto.output()) EDGEOPT_CHECK_OK(AddOutput(name));
  EDGEOPT_CHECK_OK(graph_.SortTopologically());
  return std::move(graph_);
}

// --- declarations: every name of the graph exists before the first node is read ---

Status GraphReader::DeclareInput(const std::string& name) {
  const ValueId id = graph_.AddNamedValue(name);
  if (!id.valid())
    return BadInput(name.empty() ? "a graph input has no name"
                                 : "the graph input '" + name + "' is declared twice");
  graph_.AddInput(id);
  return OkStatus();
}

// Makes the value, or finds the input whose default value the initializer is.
Status GraphReader::DeclareInitializer(const std::string& name) {
  if (name.empty()) return BadInput("an initializer has no name");
  const ValueId found = graph_.Find(name);
  if (!found.valid()) return graph_.AddNamedValue(name), OkStatus();
  const ir::Value& value = graph_.value(found);
  if (value.initializer || value.sparse_initializer)
    return BadInput("the initializer '" + name + "' is defined twice");
  return OkStatus();
}

Status GraphReader::DeclareInitializers(onnx::GraphProto& proto) {
  for (onnx::TensorProto& from : *proto.mutable_initializer()) {
    const std::string name = from.name();
    EDGEOPT_CHECK_OK(DeclareInitializer(name));
    EDGEOPT_TRY(ir::Tensor tensor, TensorFromProto(from, external_));
    tensor.name.clear();  // it is the value's name
    graph_.SetInitializer(graph_.Find(name), std::move(tensor));
  }
  for (onnx::SparseTensorProto& from : *proto.mutable_sparse_initializer()) {
    const std::string name = from.values().name();
    EDGEOPT_CHECK_OK(DeclareInitializer(name));
    EDGEOPT_TRY(ir::SparseTensor tensor, SparseTensorFromProto(from, external_));
    tensor.values.name.clear();
    graph_.SetSparseInitializer(graph_.Find(name), std::move(tensor));
  }
  return OkStatus();
}

Status GraphReader::DeclareNodeOutputs(const RepeatedPtrField<onnx::NodeProto>& nodes) {
  for (const onnx::NodeProto& node : nodes)
    for (const std::string& name : node.output())
      if (!name.empty() && !graph_.AddNamedValue(name).valid())
        return BadInput(internal::Describe(node) + " defines '" + name +
                        "', which is defined elsewhere already");
  return OkStatus();
}

// Adds type and documentation to a value. A ValueInfoProto may name a value that is not there: it
// means nothing, and is kept when `create` is set.
Status GraphReader::Describe(onnx::ValueInfoProto& proto, bool create) {
  ValueId id = graph_.Find(proto.name());
  if (!id.valid() && create && !(outer_ && outer_->Knows(proto.name())))
    id = graph_.AddNamedValue(proto.name());
  if (!id.valid()) return OkStatus();
  auto type = TypeFromProto(proto.type());
  if (!type.ok()) return type.error().Within("value '" + proto.name() + "'");
  if (type->kind != ir::Type::Kind::kNone || !type->denotation.empty())
    graph_.SetType(id, std::move(*type));
  if (!proto.doc_string().empty() || proto.metadata_props_size() > 0)
    graph_.SetDocumentation(id, proto.doc_string(), MetadataFromProto(proto.metadata_props()));
  return OkStatus();
}

bool GraphReader::Knows(const std::string& name) const {
  return graph_.Find(name).valid() || (outer_ && outer_->Knows(name));
}

ValueId GraphReader::Resolve(const std::string& name) {
  const ValueId own = graph_.Find(name);
  if (own.valid() || name.empty() || outer_ == nullptr) return own;
  const ValueId outside = outer_->Resolve(name);
  if (!outside.valid()) return ir::kNoValue;
  const ValueId captured = graph_.AddNamedValue(name);
  graph_.SetCaptured(captured);
  graph_.SetType(captured, outer_->graph_.value(outside).type);
  return captured;
}

Status GraphReader::AddOutput(const std::string& name) {
  const ValueId id = Resolve(name);
  if (!id.valid())
    return BadInput("the graph output '" + name + "' is produced by nothing",
                    "the file is damaged or was edited; export the model again");
  graph_.AddOutput(id);
  return OkStatus();
}

// --- nodes ---

Status GraphReader::ReadNodes(RepeatedPtrField<onnx::NodeProto>& nodes) {
  for (onnx::NodeProto& node : nodes) EDGEOPT_CHECK_OK(ReadNode(node));
  return OkStatus();
}

Result<std::vector<ValueId>> GraphReader::ReadInputs(const onnx::NodeProto& proto) {
  std::vector<ValueId> inputs;
  inputs.reserve(static_cast<size_t>(proto.input_size()));
  for (const std::string& name : proto.input()) {
    const ValueId id = Resolve(name);
    if (!id.valid() && !name.empty()) return Undefined(internal::Describe(proto), name);
    inputs.push_back(id);
  }
  return inputs;
}

Status GraphReader::ReadNode(onnx::NodeProto& proto) {
  if (proto.op_type().empty()) return BadInput(internal::Describe(proto) + " has no operator type");
  ir::Node node;
  EDGEOPT_TRY(node.inputs, ReadInputs(proto));
  for (const std::string& name : proto.output()) node.outputs.push_back(graph_.Find(name));
  for (onnx::AttributeProto& from : *proto.mutable_attribute()) {
    if (node.FindAttribute(from.name()) != nullptr)
      return BadInput(internal::Describe(proto) + ": the attribute '" + from.name() +
                      "' occurs twice");
    auto attribute = ReadAttribute(from);
    if (!attribute.ok()) return attribute.error().Within(internal::Describe(proto));
    node.attributes.push_back(std::move(*attribute));
  }
  node.opaque_fields = OpaqueFields(proto);
  node.metadata = MetadataFromProto(proto.metadata_props());
  node.op_type = std::move(*proto.mutable_op_type());
  node.domain = std::move(*proto.mutable_domain());
  if (node.domain == "ai.onnx") node.domain.clear();  // both name the same operator set
  node.overload = std::move(*proto.mutable_overload());
  node.name = std::move(*proto.mutable_name());
  node.doc_string = std::move(*proto.mutable_doc_string());
  graph_.AddNode(std::move(node));
  return OkStatus();
}

}  // namespace edgeopt::formats::internal
