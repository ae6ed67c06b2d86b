// Softmax, normalizations, and pools over everything.
#include <numeric>

#include "formats/tflite/lower/compose.h"

namespace edgeopt::formats::tflite::lower {
namespace {

// TFLite's are along the last axis: another one is brought there and back.
template <typename Fn>
Status AlongLast(NodeLowering& node, TensorIndex output, Fn add) {
  const int64_t rank = node.InRank();
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", -1), rank));
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  if (axis == rank - 1) return add(input, output);
  std::vector<int64_t> swapped(static_cast<size_t>(rank));
  std::iota(swapped.begin(), swapped.end(), 0);
  std::swap(swapped.back(), swapped[static_cast<size_t>(axis)]);
  EDGEOPT_TRY(const TensorIndex moved, node.Transpose(input, swapped, "moved"));
  EDGEOPT_TRY(const TensorIndex result,
              node.TempLike(output, node.file().ShapeOf(moved), "normalized"));
  EDGEOPT_CHECK_OK(add(moved, result));
  EDGEOPT_TRY(const TensorIndex order, node.Ints(swapped, "perm"));
  node.file().Add(Op::TRANSPOSE, {result, order}, {output}, schema::TransposeOptionsT{});
  return OkStatus();
}

// In int8 its output has scale 1/256 from 0 on, in int16 2^-15.
Status Softmax(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex fixed, node.FixedOut(1.0f / 256, -128));
  EDGEOPT_CHECK_OK(AlongLast(node, fixed, [&](TensorIndex from, TensorIndex to) -> Status {
    schema::SoftmaxOptionsT options;
    options.beta = 1;
    node.file().Add(Op::SOFTMAX, {from}, {to}, options);
    return OkStatus();
  }));
  return node.AddRequantization(fixed);
}

Status LogSoftmax(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  return AlongLast(node, output, [&](TensorIndex from, TensorIndex to) -> Status {
    node.file().Add(Op::LOG_SOFTMAX, {from}, {to}, schema::LogSoftmaxOptionsT{});
    return OkStatus();
  });
}

std::vector<int64_t> Range(int64_t first, int64_t last) {
  std::vector<int64_t> axes(static_cast<size_t>(last - first));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

// (x - mean) / sqrt(variance + epsilon) over the axes, and what it is made of.
struct Standard {
  TensorIndex value, mean, inverse_deviation;
};

Standard Standardized(Composer& c, TensorIndex x, const std::vector<int64_t>& axes, float epsilon) {
  const TensorIndex mean = c.Reduce(Op::MEAN, x, axes);
  const TensorIndex centered = c.Binary(Op::SUB, x, mean);
  const TensorIndex variance = c.Reduce(Op::MEAN, c.Binary(Op::MUL, centered, centered), axes);
  const TensorIndex inverse = c.Unary(Op::RSQRT, c.Binary(Op::ADD, variance, epsilon));
  return {c.Binary(Op::MUL, centered, inverse), mean, inverse};
}

Status LayerNormalization(NodeLowering& node) {
  const int64_t rank = node.InRank();
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", -1), rank));
  Composer c(node);
  const Standard x =
      Standardized(c, c.In(0), Range(axis, rank), node.node().FloatOr("epsilon", 1e-5f));
  if (node.has_output(1)) c.ReshapeInto(c.Out(1), x.mean);
  if (node.has_output(2)) c.ReshapeInto(c.Out(2), x.inverse_deviation);
  if (!node.has_input(2)) return c.Finish(Op::MUL, x.value, c.In(1));
  return c.Finish(Op::ADD, c.Binary(Op::MUL, x.value, c.In(1)), c.In(2));
}

// x / (sum |x|^p)^(1/p); where that norm is 0 all of x is, and stays.
Status LpNormalization(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", -1), node.InRank()));
  const int64_t power = node.node().IntOr("p", 2);
  if (power != 1 && power != 2) return node.Unsupported("p = " + std::to_string(power));
  Composer c(node);
  const TensorIndex x = c.In(0);
  const TensorIndex size = power == 1 ? c.Unary(Op::ABS, x) : c.Binary(Op::MUL, x, x);
  TensorIndex norm = c.Reduce(Op::SUM, size, {axis});
  if (power == 2) norm = c.Unary(Op::SQRT, norm);
  const TensorIndex is_zero = c.Compare(Op::EQUAL, norm, c.Scalar(0));
  return c.Finish(Op::DIV, x, c.Select(is_zero, c.Scalar(1), norm));
}

// Channels-last: scale and bias [C] broadcast as they are.
Status InstanceNormalization(NodeLowering& node) {
  Composer c(node);
  const Standard x =
      Standardized(c, c.In(0), Range(1, node.InRank() - 1), node.node().FloatOr("epsilon", 1e-5f));
  return c.Finish(Op::ADD, c.Binary(Op::MUL, x.value, c.In(1)), c.In(2));
}

// x factor + offset with factor = scale / sqrt(variance + epsilon), offset = bias - mean factor.
Status BatchNormalization(NodeLowering& node) {
  if (node.node().IntOr("training_mode", 0) != 0) return node.Unsupported("training_mode");
  Composer c(node);
  const TensorIndex deviation =
      c.Unary(Op::RSQRT, c.Binary(Op::ADD, c.In(4), node.node().FloatOr("epsilon", 1e-5f)));
  const TensorIndex factor = c.Binary(Op::MUL, c.In(1), deviation);
  const TensorIndex offset = c.Binary(Op::SUB, c.In(2), c.Binary(Op::MUL, c.In(3), factor));
  return c.Finish(Op::ADD, c.Binary(Op::MUL, c.In(0), factor), offset);
}

// TFLite sums over `radius` channels on both sides, and does not divide by their number.
Status Lrn(NodeLowering& node) {
  if (node.InRank() != 4) return node.Unsupported("other ranks than 4");
  const int64_t size = node.node().IntOr("size", 1);
  if (size % 2 == 0) return node.Unsupported("an even size");
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::LocalResponseNormalizationOptionsT options;
  options.radius = static_cast<int32_t>(size / 2);
  options.bias = node.node().FloatOr("bias", 1);
  options.alpha = node.node().FloatOr("alpha", 1e-4f) / static_cast<float>(size);
  options.beta = node.node().FloatOr("beta", 0.75f);
  node.file().Add(Op::LOCAL_RESPONSE_NORMALIZATION, {input}, {output}, options);
  return OkStatus();
}

// Over the spatial axes of [N, spatial..., C].
template <Op kOp>
Status GlobalPool(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  EDGEOPT_TRY(const TensorIndex axes, node.Ints(Range(1, node.InRank() - 1), "axes"));
  schema::ReducerOptionsT options;
  options.keep_dims = true;
  node.file().Add(kOp, {input, axes}, {output}, options);
  return OkStatus();
}

constexpr Rule kRules[] = {
    {.op_type = "BatchNormalization", .lower = BatchNormalization, .layout = Layout::kNhwc},
    {.op_type = "GlobalAveragePool",
     .lower = GlobalPool<Op::MEAN>,
     .layout = Layout::kNhwc,
     .integer = true},
    {.op_type = "GlobalMaxPool",
     .lower = GlobalPool<Op::REDUCE_MAX>,
     .layout = Layout::kNhwc,
     .integer = true,
     .same_scale = true},
    {.op_type = "InstanceNormalization", .lower = InstanceNormalization, .layout = Layout::kNhwc},
    {.op_type = "LRN", .lower = Lrn, .layout = Layout::kNhwc},
    {.op_type = "LayerNormalization", .lower = LayerNormalization},
    {.op_type = "LogSoftmax", .lower = LogSoftmax},
    {.op_type = "LpNormalization", .lower = LpNormalization},
    {.op_type = "Softmax", .lower = Softmax, .integer = true},
};

}  // namespace

Family normalization() { return {"normalization", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
