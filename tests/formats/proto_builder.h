// Small ModelProtos for tests of the reader.
#pragma once

#include <string>

#include "formats/onnx/onnx.h"
#include "onnx/onnx_pb.h"

namespace edgeopt::testing {

inline onnx::ValueInfoProto* AddFloat(
    google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>* list, const std::string& name) {
  auto* info = list->Add();
  info->set_name(name);
  info->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  info->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(2);
  return info;
}

inline onnx::NodeProto* AddNode(onnx::GraphProto* graph, const std::string& op_type,
                                std::initializer_list<const char*> inputs,
                                std::initializer_list<const char*> outputs) {
  auto* node = graph->add_node();
  node->set_op_type(op_type);
  for (const char* name : inputs) node->add_input(name);
  for (const char* name : outputs) node->add_output(name);
  return node;
}

// x -> Relu -> y
inline onnx::ModelProto ReluModel() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  auto* graph = model.mutable_graph();
  graph->set_name("g");
  AddFloat(graph->mutable_input(), "x");
  AddFloat(graph->mutable_output(), "y");
  AddNode(graph, "Relu", {"x"}, {"y"});
  return model;
}

// A tensor of that shape without data.
inline onnx::TensorProto Tensor(const std::string& name, int32_t type,
                                std::initializer_list<int64_t> dims) {
  onnx::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

inline Result<ir::Model> Parse(const onnx::ModelProto& proto) {
  return formats::ParseOnnx(Buffer::Own(proto.SerializeAsString()));
}

// The error's text, or "ok".
template <typename T>
std::string Message(const Result<T>& result) {
  return result.ok() ? "ok" : result.error().ToString();
}

}  // namespace edgeopt::testing
