// Tensors that are made of sizes: shapes, constants, ranges, and what a mask of positions leaves.
#include <algorithm>
#include <numeric>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Tensor;

// All sizes, or those from `start` up to `end`.
Status Shape(NodeLowering& node) {
  const int64_t rank = node.InRank();
  const auto place = [&](std::string_view attribute, int64_t fallback) {
    const int64_t given = node.node().IntOr(attribute, fallback);
    return std::clamp<int64_t>(given < 0 ? given + rank : given, 0, rank);
  };
  const int64_t start = place("start", 0), end = place("end", rank);
  const bool whole = start == 0 && end == rank;
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  TensorIndex shape = output;
  if (!whole) {
    EDGEOPT_TRY(shape, node.TempLike(output, {ir::Dim::Of(rank)}, "shape"));
  }
  schema::ShapeOptionsT options;
  options.out_type = node.tensor(output).type;
  node.file().Add(Op::SHAPE, {input}, {shape}, options);
  if (whole) return OkStatus();
  EDGEOPT_TRY(const TensorIndex begin, node.Ints({start}, "start"));
  EDGEOPT_TRY(const TensorIndex limit, node.Ints({std::max(start, end)}, "end"));
  EDGEOPT_TRY(const TensorIndex step, node.Ints({1}, "step"));
  node.file().Add(Op::STRIDED_SLICE, {shape, begin, limit, step}, {output},
                  schema::StridedSliceOptionsT{});
  return OkStatus();
}

// The product of the sizes.
Status Size(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  EDGEOPT_TRY(const TensorIndex shape,
              node.TempLike(output, {ir::Dim::Of(node.InRank())}, "shape"));
  schema::ShapeOptionsT options;
  options.out_type = node.tensor(output).type;
  node.file().Add(Op::SHAPE, {input}, {shape}, options);
  EDGEOPT_TRY(const TensorIndex axes, node.Ints({0}, "axes"));
  node.file().Add(Op::REDUCE_PROD, {shape, axes}, {output}, schema::ReducerOptionsT{});
  return OkStatus();
}

// Sizes that types tell need no tensor that gives them at run time.
Status ConstantOfShape(NodeLowering& node) {
  static constexpr Rule kValue{.types = Types::kStorage};
  EDGEOPT_CHECK_OK(CheckTypes(kValue, node.OutType().element));
  const ir::Attribute* given = node.node().FindAttribute("value");
  const auto* value = given != nullptr ? given->get<Tensor>() : nullptr;
  EDGEOPT_TRY(const Tensor one, (value != nullptr ? *value : Tensor::Scalar(0.0f)).Reshaped({1}));
  EDGEOPT_TRY(const TensorIndex element, node.Constant(one, "value"));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  if (node.OutRank() == 0) return node.ReshapeTo(element, {}, output);
  const auto dims = node.OutType().static_dims();
  EDGEOPT_TRY(const TensorIndex sizes, dims ? node.Ints(*dims, "sizes") : node.In32(0));
  node.file().Add(Op::BROADCAST_TO, {element, sizes}, {output}, schema::BroadcastToOptionsT{});
  return OkStatus();
}

// [rows, columns]: 1 where column - row is in [low, high].
Tensor Band(int64_t rows, int64_t columns, int64_t low, int64_t high) {
  std::vector<int32_t> band;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      band.push_back(column - row >= low && column - row <= high ? 1 : 0);
  return Tensor::Of({rows, columns}, band);
}

Status EyeLike(NodeLowering& node) {
  static constexpr Rule kResult{.types = Types::kStorage};
  EDGEOPT_CHECK_OK(CheckTypes(kResult, node.OutType().element));
  EDGEOPT_TRY(const ir::Dims dims, node.InDims(0));
  const int64_t diagonal = node.node().IntOr("k", 0);
  Composer c(node);
  c.CastInto(c.Out(), c.Constant(Band(dims[0], dims[1], diagonal, diagonal)));
  return c.status();
}

// The upper or lower triangle of the last two axes; zeros elsewhere.
Status Trilu(NodeLowering& node) {
  const int64_t rank = node.InRank();
  const auto rows = node.InDim(0, rank - 2), columns = node.InDim(0, rank - 1);
  if (!rows || !columns)
    return node.Unsupported("matrices of unknown size",
                            "fix the sizes of the model's inputs with --shape");
  if (node.has_input(1) && !node.ScalarIn(1))
    return node.Unsupported("a diagonal that is computed at run time");
  const auto diagonal = static_cast<int64_t>(node.ScalarIn(1).value_or(0));
  const bool upper = node.node().IntOr("upper", 1) != 0;
  const Tensor band =
      upper ? Band(*rows, *columns, diagonal, *columns) : Band(*rows, *columns, -*rows, diagonal);
  EDGEOPT_TRY(const auto kept, band.ToInts());
  const std::vector<uint8_t> bits(kept.begin(), kept.end());
  EDGEOPT_TRY(const Tensor mask,
              Tensor::Make(DataType::kBool, band.dims(), Buffer::FromVector(bits)));
  Composer c(node);
  return c.FinishSelect(c.Constant(mask), c.In(0), c.Scalar(0));
}

template <typename T>
Tensor Iota(int64_t size) {
  std::vector<T> values(static_cast<size_t>(size));
  std::iota(values.begin(), values.end(), T{0});
  return Tensor::Of({size}, values);
}

// start + i step: where the number of elements is known that is arithmetic, which gives the type's
// own rounding; TFLite's RANGE adds up.
Status Range(NodeLowering& node) {
  Composer c(node);
  const DataType type = node.InType(0).element;
  if (const auto size = (*node.OutType().shape)[0].value) {
    const Tensor iota = type == DataType::kFloat32 ? Iota<float>(*size)
                        : type == DataType::kInt32 ? Iota<int32_t>(*size)
                                                   : Iota<int64_t>(*size);
    return c.Finish(Op::ADD, c.Binary(Op::MUL, c.Constant(iota), c.In(2)), c.In(0));
  }
  EDGEOPT_TRY(const TensorIndex start, node.In(0));
  EDGEOPT_TRY(const TensorIndex limit, node.In(1));
  EDGEOPT_TRY(const TensorIndex step, node.In(2));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::RANGE, {start, limit, step}, {output}, schema::RangeOptionsT{});
  return OkStatus();
}

constexpr Rule kRules[] = {
    {.op_type = "ConstantOfShape", .lower = ConstantOfShape, .types = Types::kFloatInt},
    {.op_type = "EyeLike", .lower = EyeLike, .types = Types::kStorage},
    {.op_type = "Range", .lower = Range, .types = Types::kFloatInt},
    {.op_type = "Shape", .lower = Shape, .types = Types::kStorage},
    {.op_type = "Size", .lower = Size, .types = Types::kStorage},
    {.op_type = "Trilu", .lower = Trilu, .types = Types::kStorage},
};

}  // namespace

Family generator() { return {"generator", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
