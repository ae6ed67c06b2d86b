// AttributeProto to ir::Attribute: the part of GraphReader that reads attributes and subgraphs.
#include <utility>

#include "formats/onnx/graph_reader.h"

namespace edgeopt::formats::internal {
namespace {

using onnx::AttributeProto;
using AttributeType = AttributeProto::AttributeType;

// The type whose field is filled; UNDEFINED when none is. BadInput when several are.
Result<AttributeType> FilledField(const AttributeProto& proto) {
  AttributeType found = AttributeProto::UNDEFINED;
  int filled = 0;
  const auto see = [&](bool present, AttributeType type) {
    if (!present) return;
    found = type;
    ++filled;
  };
  see(proto.has_f(), AttributeProto::FLOAT);
  see(proto.has_i(), AttributeProto::INT);
  see(proto.has_s(), AttributeProto::STRING);
  see(proto.has_t(), AttributeProto::TENSOR);
  see(proto.has_g(), AttributeProto::GRAPH);
  see(proto.has_sparse_tensor(), AttributeProto::SPARSE_TENSOR);
  see(proto.has_tp(), AttributeProto::TYPE_PROTO);
  see(proto.floats_size() > 0, AttributeProto::FLOATS);
  see(proto.ints_size() > 0, AttributeProto::INTS);
  see(proto.strings_size() > 0, AttributeProto::STRINGS);
  see(proto.tensors_size() > 0, AttributeProto::TENSORS);
  see(proto.graphs_size() > 0, AttributeProto::GRAPHS);
  see(proto.sparse_tensors_size() > 0, AttributeProto::SPARSE_TENSORS);
  see(proto.type_protos_size() > 0, AttributeProto::TYPE_PROTOS);
  if (filled > 1) return BadInput("it has values of several types");
  return found;
}

// proto3 writers leave out a field that holds its default (0, "", an empty list).
bool MayBeAbsent(AttributeType type) {
  return type != AttributeProto::TENSOR && type != AttributeProto::GRAPH &&
         type != AttributeProto::SPARSE_TENSOR && type != AttributeProto::TYPE_PROTO;
}

Result<AttributeType> TypeOf(const AttributeProto& proto) {
  EDGEOPT_TRY(const AttributeType filled, FilledField(proto));
  // IR version 1 had no type field; the filled field tells.
  const AttributeType type =
      proto.has_type() && proto.type() != AttributeProto::UNDEFINED ? proto.type() : filled;
  if (type == AttributeProto::UNDEFINED) return BadInput("it has neither a type nor a value");
  if (filled != AttributeProto::UNDEFINED ? filled != type : !MayBeAbsent(type))
    return BadInput("its value does not have the declared type " +
                    AttributeProto::AttributeType_Name(type));
  return type;
}

// Converts a repeated field element by element; `read` returns a Result.
template <typename T, typename Field, typename Read>
Result<std::vector<T>> ReadAll(Field& field, Read read) {
  std::vector<T> all;
  all.reserve(static_cast<size_t>(field.size()));
  for (auto& element : field) {
    EDGEOPT_TRY(T one, read(element));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

Result<ir::GraphPtr> GraphReader::ReadSubgraph(onnx::GraphProto& proto) {
  EDGEOPT_TRY(ir::Graph graph, GraphReader(external_, this).Read(proto));
  return ir::GraphPtr(std::make_shared<const ir::Graph>(std::move(graph)));
}

Status GraphReader::ReadAttributeValue(AttributeProto& proto, AttributeType type,
                                       ir::Attribute::Value& value) {
  const auto tensor = [&](onnx::TensorProto& t) { return TensorFromProto(t, external_); };
  const auto sparse = [&](onnx::SparseTensorProto& t) {
    return SparseTensorFromProto(t, external_);
  };
  const auto graph = [&](onnx::GraphProto& g) { return ReadSubgraph(g); };
  switch (type) {
    case AttributeProto::FLOAT:
      value = proto.f();
      break;
    case AttributeProto::INT:
      value = static_cast<int64_t>(proto.i());
      break;
    case AttributeProto::STRING:
      value = std::move(*proto.mutable_s());
      break;
    case AttributeProto::TENSOR: {
      EDGEOPT_TRY(value, tensor(*proto.mutable_t()));
      break;
    }
    case AttributeProto::GRAPH: {
      EDGEOPT_TRY(value, graph(*proto.mutable_g()));
      break;
    }
    case AttributeProto::SPARSE_TENSOR: {
      EDGEOPT_TRY(value, sparse(*proto.mutable_sparse_tensor()));
      break;
    }
    case AttributeProto::TYPE_PROTO: {
      EDGEOPT_TRY(value, TypeFromProto(proto.tp()));
      break;
    }
    case AttributeProto::FLOATS:
      value = std::vector<float>(proto.floats().begin(), proto.floats().end());
      break;
    case AttributeProto::INTS:
      value = std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
      break;
    case AttributeProto::STRINGS:
      value = std::vector<std::string>(proto.strings().begin(), proto.strings().end());
      break;
    case AttributeProto::TENSORS: {
      EDGEOPT_TRY(value, ReadAll<ir::Tensor>(*proto.mutable_tensors(), tensor));
      break;
    }
    case AttributeProto::GRAPHS: {
      EDGEOPT_TRY(value, ReadAll<ir::GraphPtr>(*proto.mutable_graphs(), graph));
      break;
    }
    case AttributeProto::SPARSE_TENSORS: {
      EDGEOPT_TRY(value, ReadAll<ir::SparseTensor>(*proto.mutable_sparse_tensors(), sparse));
      break;
    }
    case AttributeProto::TYPE_PROTOS: {
      EDGEOPT_TRY(value, ReadAll<ir::Type>(*proto.mutable_type_protos(), TypeFromProto));
      break;
    }
    case AttributeProto::UNDEFINED:
      break;
  }
  return OkStatus();
}

Result<ir::Attribute> GraphReader::ReadAttribute(AttributeProto& proto) {
  if (proto.name().empty()) return BadInput("an attribute has no name");
  ir::Attribute attribute;
  attribute.name = proto.name();
  attribute.doc_string = proto.doc_string();
  if (!proto.ref_attr_name().empty()) {
    attribute.ref_attr_name = proto.ref_attr_name();
    attribute.declared_type = proto.type();
    return attribute;
  }
  const std::string where = "attribute '" + proto.name() + "'";
  const auto type = TypeOf(proto);
  if (!type.ok()) return type.error().Within(where);
  const Status value = ReadAttributeValue(proto, *type, attribute.value);
  if (!value.ok()) return value.error().Within(where);
  return attribute;
}

}  // namespace edgeopt::formats::internal
