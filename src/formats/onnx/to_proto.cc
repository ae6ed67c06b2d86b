// ir::Model to ModelProto.
#include <algorithm>

#include "formats/onnx/proto.h"

namespace edgeopt::formats::internal {
namespace {

using google::protobuf::RepeatedPtrField;
using onnx::AttributeProto;

void MetadataToProto(const ir::Metadata& metadata,
                     RepeatedPtrField<onnx::StringStringEntryProto>* entries) {
  for (const auto& [key, value] : metadata) {
    auto* entry = entries->Add();
    entry->set_key(key);
    entry->set_value(value);
  }
}

void ImportsToProto(const std::vector<ir::OpsetImport>& imports,
                    RepeatedPtrField<onnx::OperatorSetIdProto>* to) {
  for (const ir::OpsetImport& import : imports) {
    auto* id = to->Add();
    id->set_domain(import.domain);
    id->set_version(import.version);
  }
}

class ProtoBuilder {
 public:
  explicit ProtoBuilder(const ToProtoOptions& options)
      : fill_(options.fill ? options.fill : TensorFiller(FillData)),
        without_main_initializers_(options.without_main_initializers) {}

  onnx::ModelProto Build(const ir::Model& model) const {
    onnx::ModelProto proto;
    proto.set_ir_version(model.ir_version);
    ImportsToProto(model.opset_imports, proto.mutable_opset_import());
    if (!model.producer_name.empty()) proto.set_producer_name(model.producer_name);
    if (!model.producer_version.empty()) proto.set_producer_version(model.producer_version);
    if (!model.domain.empty()) proto.set_domain(model.domain);
    if (!model.doc_string.empty()) proto.set_doc_string(model.doc_string);
    if (model.model_version != 0) proto.set_model_version(model.model_version);
    MetadataToProto(model.metadata, proto.mutable_metadata_props());
    BuildGraph(model.graph, !without_main_initializers_, *proto.mutable_graph());
    for (const ir::Function& function : model.functions)
      BuildFunction(function, *proto.add_functions());
    proto.MergeFromString(model.opaque_fields);
    return proto;
  }

 private:
  void BuildGraph(const ir::Graph& graph, bool with_initializers, onnx::GraphProto& proto) const {
    if (!graph.name.empty()) proto.set_name(graph.name);
    if (!graph.doc_string.empty()) proto.set_doc_string(graph.doc_string);
    MetadataToProto(graph.metadata, proto.mutable_metadata_props());
    for (const ir::ValueId id : graph.inputs()) BuildValueInfo(graph.value(id), *proto.add_input());
    for (const ir::ValueId id : graph.outputs())
      BuildValueInfo(graph.value(id), *proto.add_output());
    for (const ir::ValueId id : graph.initializers())
      BuildInitializer(graph.value(id), with_initializers, proto);
    BuildValueInfos(graph, proto.mutable_value_info());
    for (const ir::NodeId id : graph.nodes()) BuildNode(graph, graph.node(id), *proto.add_node());
    proto.MergeFromString(graph.opaque_fields);
  }

  void BuildInitializer(const ir::Value& value, bool with_dense, onnx::GraphProto& proto) const {
    if (value.initializer && with_dense) {
      onnx::TensorProto& tensor = *proto.add_initializer();
      tensor.set_name(value.name);
      TensorToProto(*value.initializer, fill_, tensor);
    }
    if (value.sparse_initializer) {
      onnx::SparseTensorProto& tensor = *proto.add_sparse_initializer();
      tensor.mutable_values()->set_name(value.name);
      BuildSparse(*value.sparse_initializer, tensor);
    }
  }

  static void BuildValueInfo(const ir::Value& value, onnx::ValueInfoProto& proto) {
    proto.set_name(value.name);
    if (value.type.kind != ir::Type::Kind::kNone || !value.type.denotation.empty())
      TypeToProto(value.type, *proto.mutable_type());
    if (!value.doc_string.empty()) proto.set_doc_string(value.doc_string);
    MetadataToProto(value.metadata, proto.mutable_metadata_props());
  }

  // What is known of a value beyond what the rest of the file says.
  static bool NeedsValueInfo(const ir::Graph& graph, ir::ValueId id) {
    const ir::Value& value = graph.value(id);
    if (value.captured || graph.IsInput(id) || graph.IsOutput(id)) return false;
    if (!value.doc_string.empty() || !value.metadata.empty()) return true;
    if (value.initializer)
      return value.type !=
             ir::Type::OfTensor(value.initializer->type(), ir::ToShape(value.initializer->dims()));
    if (value.sparse_initializer) return false;
    return value.type.kind != ir::Type::Kind::kNone || !value.type.denotation.empty();
  }

  static void BuildValueInfos(const ir::Graph& graph,
                              RepeatedPtrField<onnx::ValueInfoProto>* infos) {
    for (size_t i = 0; i < graph.value_bound(); ++i) {
      const ir::ValueId id{static_cast<int32_t>(i)};
      if (graph.alive(id) && NeedsValueInfo(graph, id))
        BuildValueInfo(graph.value(id), *infos->Add());
    }
  }

  void BuildNode(const ir::Graph& graph, const ir::Node& node, onnx::NodeProto& proto) const {
    const auto name_of = [&](ir::ValueId id) {
      return id.valid() ? graph.value(id).name : std::string();
    };
    for (const ir::ValueId id : node.inputs) proto.add_input(name_of(id));
    for (const ir::ValueId id : node.outputs) proto.add_output(name_of(id));
    proto.set_op_type(node.op_type);
    if (!node.domain.empty()) proto.set_domain(node.domain);
    if (!node.overload.empty()) proto.set_overload(node.overload);
    if (!node.name.empty()) proto.set_name(node.name);
    if (!node.doc_string.empty()) proto.set_doc_string(node.doc_string);
    for (const ir::Attribute& attribute : node.attributes)
      BuildAttribute(attribute, *proto.add_attribute());
    MetadataToProto(node.metadata, proto.mutable_metadata_props());
    proto.MergeFromString(node.opaque_fields);
  }

  void BuildSparse(const ir::SparseTensor& tensor, onnx::SparseTensorProto& proto) const {
    TensorToProto(tensor.values, fill_, *proto.mutable_values());
    TensorToProto(tensor.indices, fill_, *proto.mutable_indices());
    for (const int64_t dim : tensor.dims) proto.add_dims(dim);
  }

  void BuildFunction(const ir::Function& function, onnx::FunctionProto& proto) const {
    const ir::Graph& body = function.body;
    proto.set_name(function.name);
    proto.set_domain(function.domain);
    if (!function.overload.empty()) proto.set_overload(function.overload);
    if (!body.doc_string.empty()) proto.set_doc_string(body.doc_string);
    for (const std::string& name : function.attributes) proto.add_attribute(name);
    for (const ir::Attribute& attribute : function.attribute_defaults)
      BuildAttribute(attribute, *proto.add_attribute_proto());
    ImportsToProto(function.opset_imports, proto.mutable_opset_import());
    for (const ir::ValueId id : body.inputs()) proto.add_input(body.value(id).name);
    for (const ir::ValueId id : body.outputs()) proto.add_output(body.value(id).name);
    // Here the inputs and outputs have no ValueInfoProto of their own.
    for (size_t i = 0; i < body.value_bound(); ++i) {
      const ir::ValueId id{static_cast<int32_t>(i)};
      if (!body.alive(id)) continue;
      const ir::Value& value = body.value(id);
      if (value.type != ir::Type{} || !value.doc_string.empty() || !value.metadata.empty())
        BuildValueInfo(value, *proto.add_value_info());
    }
    for (const ir::NodeId id : body.nodes()) BuildNode(body, body.node(id), *proto.add_node());
    MetadataToProto(body.metadata, proto.mutable_metadata_props());
    proto.MergeFromString(body.opaque_fields);
  }

  void BuildAttribute(const ir::Attribute& attribute, AttributeProto& proto) const {
    proto.set_name(attribute.name);
    if (!attribute.doc_string.empty()) proto.set_doc_string(attribute.doc_string);
    std::visit([&](const auto& value) { BuildValue(attribute, value, proto); }, attribute.value);
  }

  void BuildValue(const ir::Attribute& attribute, std::monostate, AttributeProto& proto) const {
    proto.set_ref_attr_name(attribute.ref_attr_name);
    proto.set_type(static_cast<AttributeProto::AttributeType>(attribute.declared_type));
  }
  void BuildValue(const ir::Attribute&, float value, AttributeProto& proto) const {
    proto.set_type(AttributeProto::FLOAT);
    proto.set_f(value);
  }
  void BuildValue(const ir::Attribute&, int64_t value, AttributeProto& proto) const {
    proto.set_type(AttributeProto::INT);
    proto.set_i(value);
  }
  void BuildValue(const ir::Attribute&, const std::string& value, AttributeProto& proto) const {
    proto.set_type(AttributeProto::STRING);
    proto.set_s(value);
  }
  void BuildValue(const ir::Attribute&, const ir::Tensor& value, AttributeProto& proto) const {
    proto.set_type(AttributeProto::TENSOR);
    TensorToProto(value, fill_, *proto.mutable_t());
  }
  void BuildValue(const ir::Attribute&, const ir::GraphPtr& value, AttributeProto& proto) const {
    proto.set_type(AttributeProto::GRAPH);
    BuildGraph(*value, true, *proto.mutable_g());
  }
  void BuildValue(const ir::Attribute&, const ir::SparseTensor& value,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::SPARSE_TENSOR);
    BuildSparse(value, *proto.mutable_sparse_tensor());
  }
  void BuildValue(const ir::Attribute&, const ir::Type& value, AttributeProto& proto) const {
    proto.set_type(AttributeProto::TYPE_PROTO);
    TypeToProto(value, *proto.mutable_tp());
  }
  void BuildValue(const ir::Attribute&, const std::vector<float>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::FLOATS);
    proto.mutable_floats()->Add(values.begin(), values.end());
  }
  void BuildValue(const ir::Attribute&, const std::vector<int64_t>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::INTS);
    proto.mutable_ints()->Add(values.begin(), values.end());
  }
  void BuildValue(const ir::Attribute&, const std::vector<std::string>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::STRINGS);
    for (const std::string& value : values) proto.add_strings(value);
  }
  void BuildValue(const ir::Attribute&, const std::vector<ir::Tensor>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::TENSORS);
    for (const ir::Tensor& value : values) TensorToProto(value, fill_, *proto.add_tensors());
  }
  void BuildValue(const ir::Attribute&, const std::vector<ir::GraphPtr>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::GRAPHS);
    for (const ir::GraphPtr& value : values) BuildGraph(*value, true, *proto.add_graphs());
  }
  void BuildValue(const ir::Attribute&, const std::vector<ir::SparseTensor>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::SPARSE_TENSORS);
    for (const ir::SparseTensor& value : values) BuildSparse(value, *proto.add_sparse_tensors());
  }
  void BuildValue(const ir::Attribute&, const std::vector<ir::Type>& values,
                  AttributeProto& proto) const {
    proto.set_type(AttributeProto::TYPE_PROTOS);
    for (const ir::Type& value : values) TypeToProto(value, *proto.add_type_protos());
  }

  TensorFiller fill_;
  bool without_main_initializers_;
};

}  // namespace

onnx::ModelProto ToProto(const ir::Model& model, const ToProtoOptions& options) {
  return ProtoBuilder(options).Build(model);
}

}  // namespace edgeopt::formats::internal
