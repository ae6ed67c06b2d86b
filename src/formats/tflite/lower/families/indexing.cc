// Operators whose elements are named by indices: gathering, scattering, one-hot vectors.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "formats/tflite/lower/compose.h"
#include "formats/tflite/lower/places.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Dims;
using ir::Tensor;

// [rows, slice...].
ir::Shape RowsShape(int64_t rows, const Places& places) {
  ir::Shape shape = ir::ToShape(places.slice);
  shape.insert(shape.begin(), ir::Dim::Of(rows));
  return shape;
}

Status GatherRows(Composer& c, const Places& places) {
  const TensorIndex rows = c.Reshape(c.In(0), RowsShape(places.rows, places));
  return c.FinishGather(rows, places.rows_of);
}

Status GatherElements(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", 0), node.InRank()));
  Composer c(node);
  EDGEOPT_TRY(const Places places, ElementPlaces(node, c, axis));
  return GatherRows(c, places);
}

Status GatherNd(NodeLowering& node) {
  Composer c(node);
  EDGEOPT_TRY(const Places places, TuplePlaces(node, c, node.node().IntOr("batch_dims", 0)));
  return GatherRows(c, places);
}

// Of a constant condition, which says how many elements there are.
Status Compress(NodeLowering& node) {
  const auto condition = node.ConstantIn(1);
  if (!condition)
    return node.Unsupported(
        "a condition computed at run time; LiteRT's outputs have sizes known before",
        "end the model before it, and do this step behind the model");
  EDGEOPT_TRY(const auto kept, condition->ToInts());
  std::vector<int32_t> indices;
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i] != 0) indices.push_back(static_cast<int32_t>(i));
  Composer c(node);
  TensorIndex x = c.In(0);
  int64_t axis = 0;
  if (node.node().FindAttribute("axis") == nullptr) {
    EDGEOPT_TRY(const Dims dims, node.InDims(0));
    EDGEOPT_TRY(const int64_t count, ir::ElementCount(dims));
    x = c.Reshape(x, {ir::Dim::Of(count)});
  } else {
    EDGEOPT_TRY(axis, node.Axis(node.node().IntOr("axis", 0), node.InRank()));
  }
  const Dims count = {static_cast<int64_t>(indices.size())};
  return c.FinishGather(x, c.Constant(Tensor::Of(count, indices)), axis);
}

// --- scattering ---

struct Reduction {
  std::string_view name;
  Op op;
  double neutral;  // of float32 and int32, int64 alike
};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Reduction kReductions[] = {{"add", Op::ADD, 0},
                                     {"mul", Op::MUL, 1},
                                     {"max", Op::MAXIMUM, -kInfinity},
                                     {"min", Op::MINIMUM, kInfinity}};
// Rows that are written more often than that would make an operator each time.
constexpr int64_t kMostWrites = 64;

class Scattering {
 public:
  Scattering(NodeLowering& node, Composer& c, const Places& places)
      : node_(node), c_(c), places_(places) {}

  Status Run() {
    data_ = c_.Reshape(c_.In(0), RowsShape(places_.rows, places_));
    updates_ = c_.Reshape(c_.In(2), RowsShape(places_.count, places_));
    const std::string name = node_.node().StringOr("reduction", "none");
    const bool constant = node_.ConstantIn(1).has_value();
    if (name == "none") return constant ? Replace() : ReplaceAtRunTime();
    const auto* reduction = std::ranges::find(kReductions, name, &Reduction::name);
    if (reduction == std::end(kReductions)) return node_.Unsupported("reduction '" + name + "'");
    static constexpr Rule kComputed{.types = Types::kFloatInt};
    EDGEOPT_CHECK_OK(CheckTypes(kComputed, node_.InType(0).element));
    if (constant) return Combine(*reduction);
    if (reduction->op != Op::ADD)
      return node_.Unsupported("reduction '" + name + "' at indices computed at run time");
    return c_.FinishReshape(c_.Binary(Op::ADD, data_, Scattered(updates_)));
  }

 private:
  // A row of the result is one of the data or of the updates; the last update counts.
  Status Replace() {
    std::vector<int32_t> sources(static_cast<size_t>(places_.rows));
    std::iota(sources.begin(), sources.end(), 0);
    for (size_t i = 0; i < places_.known.size(); ++i)
      sources[static_cast<size_t>(places_.known[i])] =
          static_cast<int32_t>(places_.rows + static_cast<int64_t>(i));
    const TensorIndex both = c_.Concat({data_, updates_}, 0);
    return c_.FinishReshape(c_.Gather(both, c_.Constant(Tensor::Of({places_.rows}, sources)), 0));
  }

  // The n-th updates of all rows at a time; a row that has no n-th one gets the neutral element.
  Status Combine(const Reduction& reduction) {
    std::vector<std::vector<int32_t>> writes;  // [n][row]: which update, the last one is neutral
    std::map<int64_t, size_t> count;
    for (size_t i = 0; i < places_.known.size(); ++i) {
      const size_t n = count[places_.known[i]]++;
      if (n == writes.size())
        writes.emplace_back(static_cast<size_t>(places_.rows), static_cast<int32_t>(places_.count));
      writes[n][static_cast<size_t>(places_.known[i])] = static_cast<int32_t>(i);
    }
    if (static_cast<int64_t>(writes.size()) > kMostWrites)
      return node_.Unsupported("a row that is written more than " + std::to_string(kMostWrites) +
                               " times");
    EDGEOPT_TRY(const TensorIndex neutral, Neutral(reduction.neutral));
    const TensorIndex updates = c_.Concat({updates_, neutral}, 0);
    for (const std::vector<int32_t>& rows : writes) {
      const TensorIndex nth = c_.Gather(updates, c_.Constant(Tensor::Of({places_.rows}, rows)), 0);
      data_ = c_.Binary(reduction.op, data_, nth);
    }
    return c_.FinishReshape(data_);
  }

  template <typename T>
  Tensor Row(double value) const {
    using Limits = std::numeric_limits<T>;
    const T element = Limits::has_infinity || std::isfinite(value) ? static_cast<T>(value)
                      : value < 0                                  ? Limits::lowest()
                                                                   : Limits::max();
    Dims dims = places_.slice;
    int64_t size = 1;
    for (const int64_t dim : dims) size *= dim;
    dims.insert(dims.begin(), 1);
    return Tensor::Of(dims, std::vector<T>(static_cast<size_t>(size), element));
  }

  Result<TensorIndex> Neutral(double value) {
    switch (node_.InType(0).element) {
      case DataType::kFloat32:
        return c_.Constant(Row<float>(value));
      case DataType::kInt32:
        return c_.Constant(Row<int32_t>(value));
      default:
        return c_.Constant(Row<int64_t>(value));
    }
  }

  // Without a reduction ONNX allows no row to be written twice, so sums are the updates themselves.
  Status ReplaceAtRunTime() {
    const TensorIndex ones = c_.Constant(
        Tensor::Of({places_.count}, std::vector<int32_t>(static_cast<size_t>(places_.count), 1)));
    const TensorIndex hits =
        c_.Compare(Op::NOT_EQUAL, ScatteredTo(ones, {ir::Dim::Of(places_.rows)}),
                   c_.Constant(Tensor::Scalar<int32_t>(0)));
    ir::Shape mask(places_.slice.size() + 1, ir::Dim::Of(1));
    mask[0] = ir::Dim::Of(places_.rows);
    return c_.FinishReshape(c_.Select(c_.Reshape(hits, mask), Scattered(updates_), data_));
  }

  TensorIndex Scattered(TensorIndex rows) {
    return ScatteredTo(rows, RowsShape(places_.rows, places_));
  }
  TensorIndex ScatteredTo(TensorIndex rows, const ir::Shape& shape) {
    const TensorIndex tuples =
        c_.Reshape(places_.rows_of, {ir::Dim::Of(places_.count), ir::Dim::Of(1)});
    return c_.Scatter(tuples, rows, shape);
  }

  NodeLowering& node_;
  Composer& c_;
  const Places& places_;
  TensorIndex data_ = kOmitted, updates_ = kOmitted;
};

Status ScatterElements(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", 0), node.InRank()));
  Composer c(node);
  EDGEOPT_TRY(const Places places, ElementPlaces(node, c, axis));
  return Scattering(node, c, places).Run();
}

Status ScatterNd(NodeLowering& node) {
  Composer c(node);
  EDGEOPT_TRY(const Places places, TuplePlaces(node, c, 0));
  return Scattering(node, c, places).Run();
}

// --- one-hot vectors ---

// Indices from -depth to -1 count from the end; others outside leave the vector off.
Status OneHot(NodeLowering& node) {
  static constexpr Rule kValues{.types = Types::kStorage};
  EDGEOPT_CHECK_OK(CheckTypes(kValues, node.OutType().element));
  const auto depth = node.ScalarIn(1);
  const auto values = node.ConstantIn(2);
  if (!depth || !values || values->size() != 2)
    return node.Unsupported("a depth or values that are computed at run time");
  const auto size = static_cast<int32_t>(*depth);
  const int64_t rank = node.OutRank();
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", -1), rank));
  Composer c(node);
  TensorIndex index = c.In(0);
  if (node.InType(0).element != DataType::kInt32) index = c.Cast(index, DataType::kInt32);
  const TensorIndex wrapped = c.Binary(Op::ADD, index, c.Constant(Tensor::Scalar(size)));
  const TensorIndex negative = c.Compare(Op::LESS, index, c.Constant(Tensor::Scalar<int32_t>(0)));
  EDGEOPT_TRY(const TensorIndex off, node.Element(*values, 0));
  EDGEOPT_TRY(const TensorIndex on, node.Element(*values, 1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::OneHotOptionsT options;
  options.axis = static_cast<int32_t>(axis == rank - 1 ? -1 : axis);
  const TensorIndex selected = c.Select(negative, wrapped, index);
  const TensorIndex length = c.Constant(Tensor::Scalar(size));
  EDGEOPT_CHECK_OK(c.status());
  node.file().Add(Op::ONE_HOT, {selected, length, on, off}, {output}, options);
  return OkStatus();
}

constexpr Rule kRules[] = {
    {.op_type = "Compress", .lower = Compress, .types = Types::kStorage},
    {.op_type = "GatherElements",
     .lower = GatherElements,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "GatherND",
     .lower = GatherNd,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "OneHot", .lower = OneHot, .types = Types::kStorage},
    {.op_type = "ScatterElements", .lower = ScatterElements, .types = Types::kStorage},
    {.op_type = "ScatterND", .lower = ScatterNd, .types = Types::kStorage},
};

}  // namespace

Family indexing() { return {"indexing", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
