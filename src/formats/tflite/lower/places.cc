#include "formats/tflite/lower/places.h"

#include <limits>
#include <span>

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

int64_t Product(std::span<const int64_t> sizes) {
  int64_t product = 1;
  for (const int64_t size : sizes) product *= size;
  return product;
}

// row = base[place] + sum over the tuple of index * stride.
struct Formula {
  Dims places;
  std::vector<int64_t> base;            // one per place: what its position says
  std::vector<int64_t> sizes, strides;  // one per element of a tuple
  bool tuples = false;                  // the indices have an axis of tuples
};

Result<std::vector<int64_t>> Evaluate(const Formula& formula, std::span<const int64_t> indices) {
  std::vector<int64_t> rows = formula.base;
  const size_t width = formula.sizes.size();
  for (size_t place = 0; place < rows.size(); ++place)
    for (size_t i = 0; i < width; ++i) {
      const int64_t index = indices[place * width + i], size = formula.sizes[i];
      if (index < -size || index >= size)
        return BadInput("it has the index " + std::to_string(index) + " along an axis of size " +
                        std::to_string(size));
      rows[place] += (index < 0 ? index + size : index) * formula.strides[i];
    }
  return rows;
}

Tensor Int32s(const Dims& dims, const std::vector<int64_t>& values) {
  return Tensor::Of(dims, std::vector<int32_t>(values.begin(), values.end()));
}

TensorIndex Compute(NodeLowering& node, Composer& c, const Formula& formula) {
  const Dims width = formula.tuples ? Dims{static_cast<int64_t>(formula.sizes.size())} : Dims{};
  const TensorIndex given = c.In32(1);
  const TensorIndex wrapped = c.Binary(Op::ADD, given, c.Constant(Int32s(width, formula.sizes)));
  const TensorIndex negative = c.Compare(Op::LESS, given, c.Constant(Tensor::Scalar<int32_t>(0)));
  const TensorIndex index = c.Select(negative, wrapped, given);
  TensorIndex rows = c.Binary(Op::MUL, index, c.Constant(Int32s(width, formula.strides)));
  if (formula.tuples) {
    const int64_t last = node.InRank(1) - 1;
    rows = c.Reshape(c.Reduce(Op::SUM, rows, {last}), ir::ToShape(formula.places));
  }
  return c.Binary(Op::ADD, rows, c.Constant(Int32s(formula.places, formula.base)));
}

Result<Places> Finish(NodeLowering& node, Composer& c, const Formula& formula, Places places) {
  if (places.rows > std::numeric_limits<int32_t>::max())
    return node.Unsupported("a tensor of more than 2^31 elements");
  places.count = static_cast<int64_t>(formula.base.size());
  if (const auto constant = node.ConstantIn(1)) {
    EDGEOPT_TRY(const auto indices, constant->ToInts());
    EDGEOPT_TRY(places.known, Evaluate(formula, indices));
    places.rows_of = c.Constant(Int32s(formula.places, places.known));
  } else {
    places.rows_of = Compute(node, c, formula);
  }
  EDGEOPT_CHECK_OK(c.status());
  return places;
}

}  // namespace

Result<Places> ElementPlaces(NodeLowering& node, Composer& c, int64_t axis) {
  EDGEOPT_TRY(const Dims data, node.InDims(0));
  EDGEOPT_TRY(const Dims indices, node.InDims(1));
  if (indices.size() != data.size()) return BadInput("its indices have another rank than its data");
  Formula formula{.places = indices};
  const std::span<const int64_t> sizes(data);
  formula.sizes = {data[static_cast<size_t>(axis)]};
  formula.strides = {Product(sizes.subspan(static_cast<size_t>(axis) + 1))};
  formula.base.assign(static_cast<size_t>(Product(indices)), 0);
  for (size_t place = 0; place < formula.base.size(); ++place) {
    auto rest = static_cast<int64_t>(place);
    for (size_t i = data.size(); i-- > 0;) {
      const int64_t position = rest % indices[i];
      rest /= indices[i];
      if (static_cast<int64_t>(i) != axis)
        formula.base[place] += position * Product(sizes.subspan(i + 1));
    }
  }
  return Finish(node, c, formula, {.rows = Product(data)});
}

Result<Places> TuplePlaces(NodeLowering& node, Composer& c, int64_t batch_dims) {
  EDGEOPT_TRY(const Dims data, node.InDims(0));
  EDGEOPT_TRY(const Dims indices, node.InDims(1));
  const auto batch = static_cast<size_t>(batch_dims);
  const auto width = indices.empty() ? 0 : static_cast<size_t>(indices.back());
  if (indices.size() <= batch || width == 0 || batch + width > data.size())
    return BadInput("its indices " + ir::ToString(indices) + " do not fit its data " +
                    ir::ToString(data));
  Formula formula{.places = Dims(indices.begin(), indices.end() - 1), .tuples = true};
  const std::span<const int64_t> sizes(data);
  const auto indexed = sizes.subspan(batch, width);
  formula.sizes.assign(indexed.begin(), indexed.end());
  for (size_t i = 0; i < width; ++i) formula.strides.push_back(Product(indexed.subspan(i + 1)));
  const int64_t count = Product(formula.places), batches = Product(sizes.first(batch));
  for (int64_t place = 0; place < count; ++place)
    formula.base.push_back(place / (count / batches) * Product(indexed));
  Places places{.rows = Product(sizes.first(batch + width))};
  places.slice.assign(data.begin() + static_cast<int64_t>(batch + width), data.end());
  return Finish(node, c, formula, std::move(places));
}

}  // namespace edgeopt::formats::tflite::lower
