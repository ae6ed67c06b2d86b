// Reductions over axes, and what picks elements along one.
#include <algorithm>
#include <numeric>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Tensor;

Result<std::vector<int64_t>> AxesOf(NodeLowering& node) {
  EDGEOPT_TRY(const auto axes, node.IntsOf("axes", 1));
  std::vector<int64_t> all;
  for (const int64_t given : axes.value_or(std::vector<int64_t>())) {
    EDGEOPT_TRY(const int64_t axis, node.Axis(given, node.InRank()));
    all.push_back(axis);
  }
  if (!all.empty()) return all;
  if (node.node().IntOr("noop_with_empty_axes", 0) == 0) {
    all.resize(static_cast<size_t>(node.InRank()));
    std::iota(all.begin(), all.end(), 0);
  }
  return all;
}

Status AddReduction(NodeLowering& node, Op op, TensorIndex input, TensorIndex output) {
  EDGEOPT_TRY(const auto axes, AxesOf(node));
  if (axes.empty()) return node.ReshapeTo(input, node.file().ShapeOf(output), output);
  EDGEOPT_TRY(const TensorIndex over, node.Ints(axes, "axes"));
  schema::ReducerOptionsT options;
  options.keep_dims = node.node().IntOr("keepdims", 1) != 0;
  node.file().Add(op, {input, over}, {output}, options);
  return OkStatus();
}

template <Op kOp>
Status Reduce(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  return AddReduction(node, kOp, input, output);
}

// An operator on each element before the sum, or on the sum.
Result<TensorIndex> Before(NodeLowering& node, Op op) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex mapped, node.TempLike(input, *node.InType(0).shape, "mapped"));
  if (op == Op::SQUARE)
    node.file().Add(op, {input}, {mapped}, schema::SquareOptionsT{});
  else if (op == Op::ABS)
    node.file().Add(op, {input}, {mapped}, schema::AbsOptionsT{});
  else
    node.file().Add(op, {input}, {mapped}, schema::ExpOptionsT{});
  return mapped;
}

Status ReduceL1(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex mapped, Before(node, Op::ABS));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  return AddReduction(node, Op::SUM, mapped, output);
}

Status ReduceSumSquare(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex mapped, Before(node, Op::SQUARE));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  return AddReduction(node, Op::SUM, mapped, output);
}

Status SumThen(NodeLowering& node, TensorIndex summands, Op op) {
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  EDGEOPT_TRY(const TensorIndex sum, node.TempLike(output, *node.OutType().shape, "sum"));
  EDGEOPT_CHECK_OK(AddReduction(node, Op::SUM, summands, sum));
  node.file().Add(op, {sum}, {output});
  return OkStatus();
}

Status ReduceL2(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex mapped, Before(node, Op::SQUARE));
  return SumThen(node, mapped, Op::SQRT);
}

Status ReduceLogSum(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  return SumThen(node, input, Op::LOG);
}

// max + log(sum(exp(x - max))), so that nothing overflows.
Status ReduceLogSumExp(NodeLowering& node) {
  EDGEOPT_TRY(const auto axes, AxesOf(node));
  Composer c(node);
  const TensorIndex x = c.In(0);
  if (axes.empty()) return c.FinishReshape(x);
  const TensorIndex largest = c.Reduce(Op::REDUCE_MAX, x, axes);
  const TensorIndex powers = c.Unary(Op::EXP, c.Binary(Op::SUB, x, largest));
  const TensorIndex logarithm = c.Unary(Op::LOG, c.Reduce(Op::SUM, powers, axes));
  if (node.node().IntOr("keepdims", 1) != 0) return c.Finish(Op::ADD, logarithm, largest);
  return c.FinishReshape(c.Binary(Op::ADD, logarithm, largest));
}

// The first extremum along the axis; the last one is the first of the reversed tensor.
template <Op kOp, typename Options>
Status ArgExtremum(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", 0), node.InRank()));
  Composer c(node);
  TensorIndex input = c.In(0);
  const bool last = node.node().IntOr("select_last_index", 0) != 0;
  if (last) input = c.Reverse(input, axis);
  const TensorIndex along = c.Constant(Tensor::Scalar(static_cast<int32_t>(axis)));
  const TensorIndex output = c.Out();
  EDGEOPT_CHECK_OK(c.status());
  const bool keeps = node.node().IntOr("keepdims", 1) != 0;
  TensorIndex index = output;
  if (keeps || last) {
    ir::Shape shape = *node.InType(0).shape;
    shape.erase(shape.begin() + axis);
    EDGEOPT_TRY(index, node.TempLike(output, shape, "index"));
  }
  Options options;
  options.output_type = node.tensor(output).type;
  node.file().Add(kOp, {input, along}, {index}, options);
  if (last) {
    const auto size = node.InDim(0, axis);
    if (!size) return node.Unsupported("select_last_index along an axis of unknown size");
    const TensorIndex end = c.Constant(Tensor::Scalar(*size - 1));
    index = c.Binary(Op::SUB, end, index);
  }
  if (keeps || last) return c.FinishReshape(index);
  return OkStatus();
}

Status CumSum(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex axis, node.In32(1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::CumsumOptionsT options;
  options.exclusive = node.node().IntOr("exclusive", 0) != 0;
  options.reverse = node.node().IntOr("reverse", 0) != 0;
  node.file().Add(Op::CUMSUM, {input, axis}, {output}, options);
  return OkStatus();
}

// x moved back by `distance` along the axis, with ones in front.
TensorIndex Delayed(Composer& c, TensorIndex x, TensorIndex ones, int64_t axis, int64_t size,
                    int64_t distance) {
  std::vector<int32_t> sources;
  for (int64_t i = 0; i < size; ++i)
    sources.push_back(static_cast<int32_t>(std::max<int64_t>(i - distance + 1, 0)));
  return c.Gather(c.Concat({ones, x}, axis), c.Constant(Tensor::Of({size}, sources)), axis);
}

// After the n-th round each element is the product of the last 2^n.
// Source: Hillis and Steele, Data Parallel Algorithms, CACM 29(12), 1986.
Status CumProd(NodeLowering& node) {
  const auto given = node.ScalarIn(1);
  if (!given) return node.Unsupported("an axis computed at run time");
  EDGEOPT_TRY(const int64_t axis, node.Axis(static_cast<int64_t>(*given), node.InRank()));
  EDGEOPT_TRY(const ir::Dims dims, node.InDims(0));
  const int64_t size = dims[static_cast<size_t>(axis)];
  const bool reverse = node.node().IntOr("reverse", 0) != 0;
  Composer c(node);
  TensorIndex x = c.In(0);
  const TensorIndex ones = c.Filled(x, axis, 1);
  if (reverse) x = c.Reverse(x, axis);
  if (node.node().IntOr("exclusive", 0) != 0) x = Delayed(c, x, ones, axis, size, 1);
  for (int64_t distance = 1; distance < size; distance *= 2)
    x = c.Binary(Op::MUL, x, Delayed(c, x, ones, axis, size, distance));
  if (reverse) x = c.Reverse(x, axis);
  return c.FinishReshape(x);
}

constexpr Rule kRules[] = {
    {.op_type = "ArgMax",
     .lower = ArgExtremum<Op::ARG_MAX, schema::ArgMaxOptionsT>,
     .types = Types::kFloatInt32},
    {.op_type = "ArgMin",
     .lower = ArgExtremum<Op::ARG_MIN, schema::ArgMinOptionsT>,
     .types = Types::kFloatInt32},
    {.op_type = "CumProd", .lower = CumProd, .types = Types::kFloatInt},
    {.op_type = "CumSum", .lower = CumSum, .types = Types::kFloatInt},
    {.op_type = "ReduceL1", .lower = ReduceL1},
    {.op_type = "ReduceL2", .lower = ReduceL2},
    {.op_type = "ReduceLogSum", .lower = ReduceLogSum},
    {.op_type = "ReduceLogSumExp", .lower = ReduceLogSumExp},
    {.op_type = "ReduceMax",
     .lower = Reduce<Op::REDUCE_MAX>,
     .types = Types::kFloatInt,
     .integer = true,
     .same_scale = true},
    {.op_type = "ReduceMean",
     .lower = Reduce<Op::MEAN>,
     .types = Types::kFloatInt,
     .integer = true},
    {.op_type = "ReduceMin",
     .lower = Reduce<Op::REDUCE_MIN>,
     .types = Types::kFloatInt,
     .integer = true,
     .same_scale = true},
    {.op_type = "ReduceProd", .lower = Reduce<Op::REDUCE_PROD>, .types = Types::kFloatInt},
    {.op_type = "ReduceSum",
     .lower = Reduce<Op::SUM>,
     .types = Types::kFloatInt,
     .integer = true,
     .int8_only = true},
    {.op_type = "ReduceSumSquare", .lower = ReduceSumSquare},
};

}  // namespace

Family reduction() { return {"reduction", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
