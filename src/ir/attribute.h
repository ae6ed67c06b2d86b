// Attributes of nodes (onnx.proto, AttributeProto).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ir/tensor.h"
#include "ir/type.h"

namespace edgeopt::ir {

class Graph;
// Subgraphs are immutable and shared; to change one, copy it, change the copy, and set it again.
using GraphPtr = std::shared_ptr<const Graph>;

struct Attribute {
  // The alternatives follow AttributeProto.AttributeType; monostate: a reference (ref_attr_name).
  using Value = std::variant<std::monostate, float, int64_t, std::string, Tensor, GraphPtr,
                             SparseTensor, Type, std::vector<float>, std::vector<int64_t>,
                             std::vector<std::string>, std::vector<Tensor>, std::vector<GraphPtr>,
                             std::vector<SparseTensor>, std::vector<Type>>;
  std::string name;
  Value value;
  // Inside a function body: the function's attribute whose value is meant. `declared_type` then
  // keeps the AttributeType number (onnx.proto) that the file gave.
  std::string ref_attr_name;
  int32_t declared_type = 0;
  std::string doc_string;

  // The value if it is of that type, else nullptr.
  template <typename T>
  const T* get() const {
    return std::get_if<T>(&value);
  }
};

}  // namespace edgeopt::ir
