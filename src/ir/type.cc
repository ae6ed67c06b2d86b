#include "ir/type.h"

namespace edgeopt::ir {

Shape ToShape(const Dims& dims) {
  Shape shape;
  for (const int64_t dim : dims) shape.push_back(Dim::Of(dim));
  return shape;
}

std::optional<Dims> ToDims(const Shape& shape) {
  Dims dims;
  for (const Dim& dim : shape) {
    if (!dim.value) return std::nullopt;
    dims.push_back(*dim.value);
  }
  return dims;
}

std::string ToString(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    if (shape[i].value)
      text += std::to_string(*shape[i].value);
    else
      text += shape[i].symbol.empty() ? "?" : shape[i].symbol;
  }
  return text + "]";
}

Type Type::OfTensor(DataType element, std::optional<Shape> shape) {
  Type type;
  type.kind = Kind::kTensor;
  type.element = element;
  type.shape = std::move(shape);
  return type;
}

std::string ToString(const Type& type) {
  const std::string inner = type.inner.empty() ? "?" : ToString(type.inner[0]);
  const std::string element(Name(type.element));
  switch (type.kind) {
    case Type::Kind::kNone:
      return "?";
    case Type::Kind::kTensor:
      return element + (type.shape ? ToString(*type.shape) : "");
    case Type::Kind::kSparseTensor:
      return "sparse(" + element + (type.shape ? ToString(*type.shape) : "") + ")";
    case Type::Kind::kSequence:
      return "sequence(" + inner + ")";
    case Type::Kind::kOptional:
      return "optional(" + inner + ")";
    case Type::Kind::kMap:
      return "map(" + element + ", " + inner + ")";
    case Type::Kind::kOpaque:
      return "opaque(" + type.opaque_domain + ", " + type.opaque_name + ")";
  }
  return "?";
}

}  // namespace edgeopt::ir
