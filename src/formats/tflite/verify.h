// The parts of Verify. Internal to formats/tflite. Errors say what is wrong; the caller says where.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "formats/tflite/file.h"

namespace edgeopt::formats::tflite::internal {

// Shape, data, quantization and sparsity of a tensor of `subgraph`.
Status VerifyTensor(const File& file, const schema::SubGraphT& subgraph,
                    const schema::TensorT& tensor);
// Elements that a sparse tensor stores, when its parameters fit its shape. Its levels are present.
Result<uint64_t> CountStoredElements(const schema::SparsityParametersT& sparsity,
                                     const std::vector<int32_t>& shape);
// Operators and the flow of data between them; the tensors are verified.
Status VerifyOperators(const File& file, const schema::SubGraphT& subgraph);
// Indices of the subgraphs that an operator calls.
std::vector<int64_t> CalledSubgraphs(const schema::OperatorT& op);

// Whether a union names a member without holding one.
template <typename Union>
bool IsHollow(const Union& it) {
  return it.type != decltype(it.type)::NONE && it.value == nullptr;
}

// Whether the file holds the tensor's values.
bool IsConstant(const File& file, const schema::TensorT& tensor);
// "tensor 5 ('weights')".
std::string Named(const char* what, size_t index, const std::string& name);
std::string NameOf(const schema::SubGraphT& subgraph, int32_t tensor);
// "[1, 2, -1]".
std::string ToText(const std::vector<int32_t>& values);

}  // namespace edgeopt::formats::tflite::internal
