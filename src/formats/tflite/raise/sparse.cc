// The stored elements are the leaves of a tree with a level per dimension in the order of
// traversal: first the dimensions (in blocks, where one is divided), then the block dimensions.
#include "formats/tflite/raise/sparse.h"

#include <cstring>
#include <vector>

namespace edgeopt::formats::tflite::raise {
namespace {

template <typename T>
std::vector<size_t> IndicesIn(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

std::vector<size_t> IndicesIn(const schema::SparseIndexVectorUnion& indices) {
  if (const auto* it = indices.AsInt32Vector()) return IndicesIn(it->values);
  if (const auto* it = indices.AsUint16Vector()) return IndicesIn(it->values);
  if (const auto* it = indices.AsUint8Vector()) return IndicesIn(it->values);
  return {};
}

class Densifier {
 public:
  Densifier(const schema::TensorT& tensor, const Buffer& data)
      : sparsity_(*tensor.sparsity),
        shape_(tensor.shape.begin(), tensor.shape.end()),
        element_bytes_(static_cast<size_t>(BitsOf(tensor.type)) / 8),
        data_(data),
        coordinates_(sparsity_.traversal_order.size(), 0) {
    for (const auto& level : sparsity_.dim_metadata)
      levels_.push_back({level->format == schema::DimensionType::DENSE,
                         static_cast<size_t>(level->dense_size), IndicesIn(level->array_segments),
                         IndicesIn(level->array_indices)});
  }

  Buffer Run() {
    size_t elements = 1;
    for (const size_t size : shape_) elements *= size;
    dense_.resize(elements * element_bytes_);
    Walk(0, 0);
    return Buffer::Own(std::move(dense_));
  }

 private:
  struct Level {
    bool dense = true;
    size_t size = 0;
    std::vector<size_t> segments, indices;
  };

  // `node` is the position among all nodes of the level above.
  void Walk(size_t depth, size_t node) {
    if (depth == levels_.size()) return Place();
    const Level& level = levels_[depth];
    const size_t first = level.dense ? node * level.size : level.segments[node];
    const size_t last = level.dense ? first + level.size : level.segments[node + 1];
    for (size_t child = first; child < last; ++child) {
      coordinates_[depth] = level.dense ? child - first : level.indices[child];
      Walk(depth + 1, child);
    }
  }

  // The next stored element.
  void Place() {
    const size_t rank = shape_.size();
    std::vector<size_t> at(rank, 0);
    for (size_t depth = 0; depth < coordinates_.size(); ++depth) {
      const auto dimension = static_cast<size_t>(sparsity_.traversal_order[depth]);
      if (dimension < rank) {
        at[dimension] = coordinates_[depth];
        continue;
      }
      const auto divided = static_cast<size_t>(sparsity_.block_map[dimension - rank]);
      at[divided] = at[divided] * levels_[dimension].size + coordinates_[depth];
    }
    size_t position = 0;
    for (size_t i = 0; i < rank; ++i) position = position * shape_[i] + at[i];
    std::memcpy(dense_.data() + position * element_bytes_, data_.data() + next_, element_bytes_);
    next_ += element_bytes_;
  }

  const schema::SparsityParametersT& sparsity_;
  std::vector<size_t> shape_;
  size_t element_bytes_;
  const Buffer& data_;
  std::vector<Level> levels_;
  std::vector<size_t> coordinates_;
  std::vector<std::byte> dense_;
  size_t next_ = 0;
};

}  // namespace

Buffer Densified(const schema::TensorT& tensor, const Buffer& data) {
  return Densifier(tensor, data).Run();
}

}  // namespace edgeopt::formats::tflite::raise
