// TypeProto and TensorShapeProto to and from ir::Type.
#include "formats/onnx/proto.h"

namespace edgeopt::formats::internal {
namespace {

using ir::Type;

Result<ir::DataType> ElementFromProto(int32_t number) {
  if (number < 0 || number > ir::kLastDataType)
    return Unsupported("unknown element type number " + std::to_string(number));
  return static_cast<ir::DataType>(number);
}

Result<ir::Shape> ShapeFromProto(const onnx::TensorShapeProto& proto) {
  if (proto.dim_size() > kMaxRank)
    return Unsupported("a tensor of rank " + std::to_string(proto.dim_size()) +
                       ", more than the supported " + std::to_string(kMaxRank));
  ir::Shape shape;
  shape.reserve(static_cast<size_t>(proto.dim_size()));
  for (const onnx::TensorShapeProto::Dimension& from : proto.dim()) {
    ir::Dim dim;
    // Some exporters write -1 for a size that they do not know.
    if (from.has_dim_value() && from.dim_value() >= 0) dim.value = from.dim_value();
    if (from.has_dim_param()) dim.symbol = from.dim_param();
    dim.denotation = from.denotation();
    shape.push_back(std::move(dim));
  }
  return shape;
}

void ShapeToProto(const ir::Shape& shape, onnx::TensorShapeProto& proto) {
  for (const ir::Dim& from : shape) {
    onnx::TensorShapeProto::Dimension& dim = *proto.add_dim();
    if (from.value)
      dim.set_dim_value(*from.value);
    else if (!from.symbol.empty())
      dim.set_dim_param(from.symbol);
    if (!from.denotation.empty()) dim.set_denotation(from.denotation);
  }
}

// TypeProto.Tensor and TypeProto.SparseTensor have the same fields.
template <typename TensorType>
Status TensorTypeFromProto(const TensorType& from, Type::Kind kind, Type& type) {
  type.kind = kind;
  EDGEOPT_TRY(type.element, ElementFromProto(from.elem_type()));
  if (from.has_shape()) {
    EDGEOPT_TRY(type.shape, ShapeFromProto(from.shape()));
  }
  return OkStatus();
}

template <typename TensorType>
void TensorTypeToProto(const Type& type, TensorType& to) {
  to.set_elem_type(static_cast<int32_t>(type.element));
  if (type.shape) ShapeToProto(*type.shape, *to.mutable_shape());
}

template <typename Wrapper>
Status WrapperFromProto(const Wrapper& from, Type::Kind kind, Type& type) {
  type.kind = kind;
  if (!from.has_elem_type()) return OkStatus();
  EDGEOPT_TRY(Type inner, TypeFromProto(from.elem_type()));
  type.inner.push_back(std::move(inner));
  return OkStatus();
}

Status ValueFromProto(const onnx::TypeProto& proto, Type& type) {
  switch (proto.value_case()) {
    case onnx::TypeProto::kTensorType:
      return TensorTypeFromProto(proto.tensor_type(), Type::Kind::kTensor, type);
    case onnx::TypeProto::kSparseTensorType:
      return TensorTypeFromProto(proto.sparse_tensor_type(), Type::Kind::kSparseTensor, type);
    case onnx::TypeProto::kSequenceType:
      return WrapperFromProto(proto.sequence_type(), Type::Kind::kSequence, type);
    case onnx::TypeProto::kOptionalType:
      return WrapperFromProto(proto.optional_type(), Type::Kind::kOptional, type);
    case onnx::TypeProto::kMapType: {
      type.kind = Type::Kind::kMap;
      EDGEOPT_TRY(type.element, ElementFromProto(proto.map_type().key_type()));
      if (!proto.map_type().has_value_type()) return OkStatus();
      EDGEOPT_TRY(Type inner, TypeFromProto(proto.map_type().value_type()));
      type.inner.push_back(std::move(inner));
      return OkStatus();
    }
    case onnx::TypeProto::kOpaqueType:
      type.kind = Type::Kind::kOpaque;
      type.opaque_domain = proto.opaque_type().domain();
      type.opaque_name = proto.opaque_type().name();
      return OkStatus();
    case onnx::TypeProto::VALUE_NOT_SET:
      return OkStatus();
  }
  return OkStatus();
}

}  // namespace

Result<Type> TypeFromProto(const onnx::TypeProto& proto) {
  Type type;
  EDGEOPT_CHECK_OK(ValueFromProto(proto, type));
  type.denotation = proto.denotation();
  return type;
}

void TypeToProto(const Type& type, onnx::TypeProto& proto) {
  if (!type.denotation.empty()) proto.set_denotation(type.denotation);
  const Type* inner = type.inner.empty() ? nullptr : &type.inner[0];
  switch (type.kind) {
    case Type::Kind::kNone:
      break;
    case Type::Kind::kTensor:
      TensorTypeToProto(type, *proto.mutable_tensor_type());
      break;
    case Type::Kind::kSparseTensor:
      TensorTypeToProto(type, *proto.mutable_sparse_tensor_type());
      break;
    case Type::Kind::kSequence: {
      auto& sequence = *proto.mutable_sequence_type();
      if (inner) TypeToProto(*inner, *sequence.mutable_elem_type());
      break;
    }
    case Type::Kind::kOptional: {
      auto& optional = *proto.mutable_optional_type();
      if (inner) TypeToProto(*inner, *optional.mutable_elem_type());
      break;
    }
    case Type::Kind::kMap:
      proto.mutable_map_type()->set_key_type(static_cast<int32_t>(type.element));
      if (inner) TypeToProto(*inner, *proto.mutable_map_type()->mutable_value_type());
      break;
    case Type::Kind::kOpaque:
      if (!type.opaque_domain.empty()) proto.mutable_opaque_type()->set_domain(type.opaque_domain);
      proto.mutable_opaque_type()->set_name(type.opaque_name);
      break;
  }
}

}  // namespace edgeopt::formats::internal
