// Types of values: tensors with partly known shapes, sequences, maps, optionals (onnx.proto,
// TypeProto).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/data_type.h"
#include "ir/tensor.h"

namespace edgeopt::ir {

// One dimension: a known size, a named unknown ("batch"), or an anonymous unknown.
struct Dim {
  std::optional<int64_t> value;
  std::string symbol;
  std::string denotation;

  static Dim Of(int64_t size) { return {size, {}, {}}; }
  static Dim Symbol(std::string name) { return {std::nullopt, std::move(name), {}}; }
  friend bool operator==(const Dim&, const Dim&) = default;
};
using Shape = std::vector<Dim>;

Shape ToShape(const Dims& dims);
// All sizes known: the sizes; else nullopt.
std::optional<Dims> ToDims(const Shape& shape);
std::string ToString(const Shape& shape);  // "[batch, 3, ?, 224]"

// What a value holds. kNone: not known (no type was given or inferred).
struct Type {
  enum class Kind { kNone, kTensor, kSparseTensor, kSequence, kMap, kOptional, kOpaque };
  Kind kind = Kind::kNone;
  DataType element = DataType::kUndefined;  // tensors; for maps: the key type
  std::optional<Shape> shape;               // tensors; nullopt: rank unknown
  std::vector<Type> inner;                  // sequence, optional: 1 element; map: the value type
  std::string opaque_domain, opaque_name;
  std::string denotation;

  static Type OfTensor(DataType element, std::optional<Shape> shape = std::nullopt);
  bool is_tensor() const { return kind == Kind::kTensor; }
  // The rank if this is a tensor of known rank, else -1.
  int64_t rank() const { return shape ? static_cast<int64_t>(shape->size()) : -1; }
  // All sizes known: the sizes; else nullopt.
  std::optional<Dims> static_dims() const { return shape ? ToDims(*shape) : std::nullopt; }
  friend bool operator==(const Type&, const Type&) = default;
};
std::string ToString(const Type& type);  // "float32[batch, 3, 224, 224]", "sequence(int64[?])"

}  // namespace edgeopt::ir
