#include "formats/proto_compare.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <set>

namespace edgeopt::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <typename T>
void Append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// onnx.proto, comments of TensorProto.int32_data and raw_data.
std::string RawOfInt32Data(const onnx::TensorProto& t) {
  std::string bytes;
  unsigned pending = 0;
  int pending_bits = 0;
  for (const int32_t value : t.int32_data()) {
    switch (t.data_type()) {
      case onnx::TensorProto::INT32:
        Append(bytes, value);
        break;
      case onnx::TensorProto::INT16:
      case onnx::TensorProto::UINT16:
      case onnx::TensorProto::FLOAT16:
      case onnx::TensorProto::BFLOAT16:
        Append(bytes, static_cast<uint16_t>(value));
        break;
      case onnx::TensorProto::FLOAT6E2M3:
      case onnx::TensorProto::FLOAT6E3M2:
        pending |= (static_cast<unsigned>(value) & 63u) << pending_bits;
        pending_bits += 6;
        while (pending_bits >= 8) {
          Append(bytes, static_cast<uint8_t>(pending));
          pending >>= 8;
          pending_bits -= 8;
        }
        break;
      default:
        Append(bytes, static_cast<uint8_t>(value));
    }
  }
  if (pending_bits > 0) Append(bytes, static_cast<uint8_t>(pending));
  return bytes;
}

void CanonicalTensor(onnx::TensorProto& t) {
  if (t.data_type() == onnx::TensorProto::STRING) return;
  std::string bytes = t.raw_data();
  for (const float value : t.float_data()) Append(bytes, value);
  for (const double value : t.double_data()) Append(bytes, value);
  for (const int64_t value : t.int64_data()) Append(bytes, value);
  for (const uint64_t value : t.uint64_data()) {
    if (t.data_type() == onnx::TensorProto::UINT32)
      Append(bytes, static_cast<uint32_t>(value));
    else
      Append(bytes, value);
  }
  bytes += RawOfInt32Data(t);
  t.clear_float_data();
  t.clear_double_data();
  t.clear_int64_data();
  t.clear_uint64_data();
  t.clear_int32_data();
  t.clear_raw_data();
  if (!bytes.empty()) t.set_raw_data(bytes);
  if (t.data_location() == onnx::TensorProto::DEFAULT) t.clear_data_location();
}

void ClearEmptyStrings(Message& message) {
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields)
    if (!field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
        field->name() != "s" && reflection->GetString(message, field).empty())
      reflection->ClearField(&message, field);
}

template <typename List, typename Key>
void SortBy(List* list, Key key) {
  std::sort(list->pointer_begin(), list->pointer_end(),
            [&](const auto* a, const auto* b) { return key(*a) < key(*b); });
}

void CanonicalGraph(onnx::GraphProto& graph) {
  std::set<std::string> interface;
  for (const auto& info : graph.input()) interface.insert(info.name());
  for (const auto& info : graph.output()) interface.insert(info.name());
  std::map<std::string, onnx::TypeProto> tensors;
  for (const auto& tensor : graph.initializer()) {
    auto& type = *tensors[tensor.name()].mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    type.mutable_shape();
    for (const int64_t dim : tensor.dims()) type.mutable_shape()->add_dim()->set_dim_value(dim);
  }
  auto* infos = graph.mutable_value_info();
  for (int i = infos->size() - 1; i >= 0; --i) {
    const auto& info = infos->Get(i);
    const auto tensor = tensors.find(info.name());
    const bool repeats =
        interface.count(info.name()) > 0 ||
        (tensor != tensors.end() && info.doc_string().empty() && info.metadata_props_size() == 0 &&
         info.type().SerializeAsString() == tensor->second.SerializeAsString());
    if (repeats) infos->DeleteSubrange(i, 1);
  }
  SortBy(infos, [](const onnx::ValueInfoProto& info) { return info.name(); });
  SortBy(graph.mutable_initializer(), [](const onnx::TensorProto& t) { return t.name(); });
}

void Canonicalize(Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Canonicalize(*reflection->MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i)
      Canonicalize(*reflection->MutableRepeatedMessage(&message, field, i));
  }
  ClearEmptyStrings(message);
  if (auto* tensor = dynamic_cast<onnx::TensorProto*>(&message)) CanonicalTensor(*tensor);
  if (auto* graph = dynamic_cast<onnx::GraphProto*>(&message)) CanonicalGraph(*graph);
  if (auto* model = dynamic_cast<onnx::ModelProto*>(&message))
    if (model->model_version() == 0) model->clear_model_version();
  if (auto* dim = dynamic_cast<onnx::TensorShapeProto::Dimension*>(&message))
    if (dim->has_dim_value() && dim->dim_value() < 0) dim->clear_dim_value();
  if (auto* node = dynamic_cast<onnx::NodeProto*>(&message))
    if (node->domain() == "ai.onnx") node->clear_domain();
}

}  // namespace

std::string Differences(onnx::ModelProto a, onnx::ModelProto b) {
  Canonicalize(a);
  Canonicalize(b);
  if (a.SerializeAsString() == b.SerializeAsString()) return "";
  google::protobuf::util::MessageDifferencer differencer;
  std::string report;
  differencer.ReportDifferencesToString(&report);
  differencer.Compare(a, b);
  return report.empty() ? "(the bytes differ)" : report;
}

onnx::ModelProto LoadProto(const std::string& path) {
  onnx::ModelProto proto;
  std::ifstream file(path, std::ios::binary);
  if (!proto.ParseFromIstream(&file)) proto.set_doc_string("can't parse " + path);
  return proto;
}

}  // namespace edgeopt::testing
