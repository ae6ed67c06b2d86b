// What picks elements by their values. How many elements there are must not depend on the data:
// LiteRT hands over outputs whose sizes are known before it runs.
#include <numeric>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Tensor;

std::vector<int64_t> SwappedWithLast(int64_t rank, int64_t axis) {
  std::vector<int64_t> order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order.back(), order[static_cast<size_t>(axis)]);
  return order;
}

// An order-reversing function that is its own inverse: -x of floats, -1 - x of integers, which no
// integer overflows in.
TensorIndex Reversed(Composer& c, bool is_float, TensorIndex x) {
  return is_float ? c.Unary(Op::NEG, x) : c.Binary(Op::SUB, c.Scalar(-1), x);
}

// TFLite's has the largest elements along the last axis, in order; equal ones by their places.
Status TopK(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", -1), node.InRank()));
  EDGEOPT_TRY(const auto count, node.IntsIn(1));
  if (count.size() != 1) return BadInput("k has " + std::to_string(count.size()) + " elements");
  const bool is_float = node.InType(0).element == DataType::kFloat32;
  const bool smallest = node.node().IntOr("largest", 1) == 0;
  const auto order = SwappedWithLast(node.InRank(), axis);
  Composer c(node);
  TensorIndex x = c.Transpose(c.In(0), order);
  if (smallest) x = Reversed(c, is_float, x);
  EDGEOPT_CHECK_OK(c.status());
  ir::Shape shape = node.file().ShapeOf(x);
  shape.back() = ir::Dim::Of(count[0]);
  EDGEOPT_TRY(TensorIndex values, node.TempLike(x, shape, "values"));
  EDGEOPT_TRY(TensorIndex indices, node.Temp(shape, DataType::kInt32, "indices"));
  const TensorIndex k = c.Constant(Tensor::Scalar(static_cast<int32_t>(count[0])));
  node.file().Add(Op::TOPK_V2, {x, k}, {values, indices}, schema::TopKV2OptionsT{});
  if (smallest) values = Reversed(c, is_float, values);
  if (node.has_output(0)) c.ReshapeInto(c.Out(0), c.Transpose(values, order));
  if (node.has_output(1)) c.CastInto(c.Out(1), c.Transpose(indices, order));
  return c.status();
}

// One where the first of the largest elements along the axis is.
Status Hardmax(NodeLowering& node) {
  const int64_t rank = node.InRank();
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", -1), rank));
  const auto size = node.InDim(0, axis);
  if (!size) return node.Unsupported("an axis of unknown size");
  Composer c(node);
  const TensorIndex x = c.In(0), along = c.Constant(Tensor::Scalar(static_cast<int32_t>(axis)));
  EDGEOPT_CHECK_OK(c.status());
  ir::Shape shape = *node.InType(0).shape;
  shape.erase(shape.begin() + axis);
  EDGEOPT_TRY(const TensorIndex index, node.Temp(shape, DataType::kInt32, "index"));
  schema::ArgMaxOptionsT extremum;
  extremum.output_type = schema::TensorType::INT32;
  node.file().Add(Op::ARG_MAX, {x, along}, {index}, extremum);
  const TensorIndex depth = c.Constant(Tensor::Scalar(static_cast<int32_t>(*size)));
  const TensorIndex on = c.Scalar(1), off = c.Scalar(0), output = c.Out();
  EDGEOPT_CHECK_OK(c.status());
  schema::OneHotOptionsT options;
  options.axis = static_cast<int32_t>(axis == rank - 1 ? -1 : axis);
  node.file().Add(Op::ONE_HOT, {index, depth, on, off}, {output}, options);
  return OkStatus();
}

Status DependsOnData(NodeLowering& node) {
  return node.Unsupported(
      "how many elements it has depends on the data; LiteRT's outputs have sizes known before",
      "end the model before it (edgeopt simplify --outputs NAME), and do this step behind it");
}

constexpr Rule kRules[] = {
    {.op_type = "Hardmax", .lower = Hardmax},
    {.op_type = "NonMaxSuppression", .lower = DependsOnData},
    {.op_type = "NonZero", .lower = DependsOnData, .types = Types::kStorage},
    {.op_type = "TopK", .lower = TopK, .types = Types::kFloatInt},
    {.op_type = "Unique", .lower = DependsOnData, .types = Types::kStorage},
};

}  // namespace

Family selection() { return {"selection", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
