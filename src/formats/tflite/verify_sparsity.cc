// Verify: the sparsity parameters of a tensor describe a tree, a level per dimension in the order
// of traversal; a sparse level says which indices of each node above are there.
#include <algorithm>
#include <limits>

#include "formats/tflite/verify.h"

namespace edgeopt::formats::tflite::internal {
namespace {

template <typename T>
std::vector<int64_t> Widened(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

std::optional<std::vector<int64_t>> Values(const schema::SparseIndexVectorUnion& indices) {
  if (indices.value == nullptr) return std::nullopt;
  if (const auto* it = indices.AsInt32Vector()) return Widened(it->values);
  if (const auto* it = indices.AsUint16Vector()) return Widened(it->values);
  if (const auto* it = indices.AsUint8Vector()) return Widened(it->values);
  return std::nullopt;
}

bool IsPermutation(std::vector<int32_t> values, int32_t first) {
  std::sort(values.begin(), values.end());
  for (const int32_t value : values)
    if (value != first++) return false;
  return true;
}

Status CheckOrder(const schema::SparsityParametersT& sparsity, size_t rank) {
  const auto& order = sparsity.traversal_order;
  const size_t levels = order.size();
  if (levels < rank || sparsity.dim_metadata.size() != levels ||
      sparsity.block_map.size() != levels - rank)
    return BadInput("its sparsity has " + std::to_string(levels) + " levels, " +
                    std::to_string(sparsity.dim_metadata.size()) + " descriptions of them and " +
                    std::to_string(sparsity.block_map.size()) +
                    " block dimensions, which do not fit rank " + std::to_string(rank));
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(rank);
  if (!IsPermutation({order.begin(), middle}, 0) ||
      !IsPermutation({middle, order.end()}, static_cast<int32_t>(rank)))
    return BadInput("its sparsity has the traversal order " + ToText(order) +
                    ", expected the dimensions and then the block dimensions, each once");
  return OkStatus();
}

// Sizes of the dimensions in blocks, then of the block dimensions.
Result<std::vector<int64_t>> Sizes(const schema::SparsityParametersT& sparsity,
                                   const std::vector<int32_t>& shape) {
  const size_t rank = shape.size();
  std::vector<int64_t> sizes = Widened(shape);
  sizes.resize(sparsity.traversal_order.size(), 0);
  for (size_t i = 0; i < sparsity.block_map.size(); ++i) {
    const int32_t mapped = sparsity.block_map[i];
    const int64_t block = sparsity.dim_metadata[rank + i]->dense_size;
    if (mapped < 0 || static_cast<size_t>(mapped) >= rank)
      return BadInput("its sparsity maps a block to dimension " + std::to_string(mapped) +
                      " of shape " + ToText(shape));
    int64_t& size = sizes[static_cast<size_t>(mapped)];
    if (block <= 0 || size % block != 0)
      return BadInput("its sparsity has blocks of " + std::to_string(block) + " along dimension " +
                      std::to_string(mapped) + " of shape " + ToText(shape));
    size /= block;
    sizes[static_cast<size_t>(sparsity.traversal_order[rank + i])] = block;
  }
  return sizes;
}

// Nodes of a sparse level whose parent level has `nodes`.
Result<uint64_t> SparseLevel(const schema::DimensionMetadataT& level, uint64_t nodes,
                             int64_t size) {
  const auto segments = Values(level.array_segments), indices = Values(level.array_indices);
  if (!segments || !indices) return BadInput("its sparsity lacks the indices of a sparse level");
  if (segments->empty() || segments->size() - 1 != nodes || segments->front() != 0 ||
      !std::is_sorted(segments->begin(), segments->end()) ||
      segments->back() != static_cast<int64_t>(indices->size()))
    return BadInput("its sparsity has " + std::to_string(segments->size()) +
                    " segment borders, expected " + std::to_string(nodes) +
                    " + 1 rising ones from 0 to " + std::to_string(indices->size()));
  for (const int64_t index : *indices)
    if (index < 0 || index >= size)
      return BadInput("its sparsity has index " + std::to_string(index) +
                      " in a dimension of size " + std::to_string(size));
  return indices->size();
}

}  // namespace

Result<uint64_t> CountStoredElements(const schema::SparsityParametersT& sparsity,
                                     const std::vector<int32_t>& shape) {
  EDGEOPT_CHECK_OK(CheckOrder(sparsity, shape.size()));
  EDGEOPT_TRY(const std::vector<int64_t> sizes, Sizes(sparsity, shape));
  uint64_t nodes = 1;
  for (size_t i = 0; i < sparsity.traversal_order.size(); ++i) {
    const schema::DimensionMetadataT& level = *sparsity.dim_metadata[i];
    const int64_t size = sizes[static_cast<size_t>(sparsity.traversal_order[i])];
    if (level.format == schema::DimensionType::SPARSE_CSR) {
      EDGEOPT_TRY(nodes, SparseLevel(level, nodes, size));
    } else if (level.format != schema::DimensionType::DENSE) {
      return Unsupported("its sparsity has format " +
                         std::to_string(static_cast<int>(level.format)) +
                         ", which the schema that edgeopt knows does not have");
    } else if (level.dense_size != size) {
      return BadInput("its sparsity has a dense level of size " + std::to_string(level.dense_size) +
                      ", expected " + std::to_string(size));
    } else if (size != 0 &&
               nodes > std::numeric_limits<int64_t>::max() / static_cast<uint64_t>(size)) {
      return BadInput("its sparsity stores more elements than 63 bits count");
    } else {
      nodes *= static_cast<uint64_t>(size);
    }
  }
  return nodes;
}

}  // namespace edgeopt::formats::tflite::internal
