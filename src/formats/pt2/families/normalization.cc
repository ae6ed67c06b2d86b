// Normalizations, as a model in evaluation mode computes them.
#include <limits>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// The most that a normalized shape may ask for without having such a weight.
constexpr int64_t kMostFilled = int64_t{1} << 26;

// 1s or 0s for a weight or bias that is not there.
Result<ValueId> Filled(OperatorLowering& op, float value, const ir::Dims& dims, DataType type,
                       std::string_view what) {
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(dims));
  if (count > kMostFilled) return op.Unsupported("more than 2^26 normalized elements");
  if (type != DataType::kFloat32)
    return op.Node("Expand", {op.Scalar(value, type), op.IntVector(dims, "shape")});
  return op.Constant(ir::Tensor::Of(dims, std::vector<float>(static_cast<size_t>(count), value)),
                     what);
}

Result<ValueId> GivenOr(OperatorLowering& op, std::string_view name, float value,
                        const ir::Dims& dims, DataType type) {
  EDGEOPT_TRY(const ValueId given, op.InOrNone(name));
  if (given.valid()) return given;
  return Filled(op, value, dims, type, name);
}

Result<int64_t> ChannelsOf(OperatorLowering& op, const Operand& x) {
  if (x.rank() < 2 || !x.shape[1].value)
    return op.Unsupported("data " + ir::ToString(x.shape) + " of unknown channels");
  return *x.shape[1].value;
}

ir::Attribute Epsilon(double eps) { return {"epsilon", static_cast<float>(eps)}; }

Error InTraining(const OperatorLowering& op) {
  Error error = op.Unsupported("it normalizes by the statistics of the batch, as in training");
  error.hint = "call model.eval() before torch.export.export";
  return error;
}

// [N, C, ...] by stored statistics.
Result<ValueId> ByStored(OperatorLowering& op, const Operand& x) {
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op, x));
  EDGEOPT_TRY(const double eps, op.Float("eps", 1e-5));
  EDGEOPT_TRY(const ValueId scale, GivenOr(op, "weight", 1, {channels}, x.type));
  EDGEOPT_TRY(const ValueId bias, GivenOr(op, "bias", 0, {channels}, x.type));
  EDGEOPT_TRY(const ValueId mean, op.InOrNone("running_mean"));
  EDGEOPT_TRY(const ValueId variance, op.InOrNone("running_var"));
  if (!mean.valid() || !variance.valid()) return InTraining(op);
  return op.Node("BatchNormalization", {x.value, scale, bias, mean, variance}, {Epsilon(eps)});
}

// (x - mean) / sqrt(variance + eps) over `axes`, both kept as size 1.
ValueId Standardized(OperatorLowering& op, ValueId x, const std::vector<int64_t>& axes, double eps,
                     DataType type) {
  const ValueId centered = op.Node("Sub", {x, op.Reduce("ReduceMean", x, axes, true)});
  const ValueId variance =
      op.Reduce("ReduceMean", op.Node("Mul", {centered, centered}), axes, true);
  const ValueId deviation = op.Node("Sqrt", {op.Node("Add", {variance, op.Scalar(eps, type)})});
  return op.Node("Div", {centered, deviation});
}

// [C] as it is multiplied with [N, C, ...].
ValueId AlongChannels(OperatorLowering& op, ValueId vector, int64_t channels, int64_t rank) {
  std::vector<int64_t> shape(static_cast<size_t>(rank - 1), 1);
  shape.front() = channels;
  return op.Reshape(vector, shape);
}

// A weight and a bias per channel, each if it is there.
Result<ValueId> ScaledAndShifted(OperatorLowering& op, const Operand& x, ValueId normalized) {
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op, x));
  EDGEOPT_TRY(const ValueId weight, op.InOrNone("weight"));
  EDGEOPT_TRY(const ValueId bias, op.InOrNone("bias"));
  ValueId result = normalized;
  if (weight.valid())
    result = op.Node("Mul", {result, AlongChannels(op, weight, channels, x.rank())});
  if (bias.valid()) result = op.Node("Add", {result, AlongChannels(op, bias, channels, x.rank())});
  return result;
}

// By the batch's own statistics, which a model without stored ones has in evaluation, too.
Status BatchNormWithoutStatistics(OperatorLowering& op) {
  op.Ignore("training");
  op.Ignore("momentum");
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const double eps, op.Float("eps", 1e-5));
  for (size_t i = 1; i < op.output_count(); ++i)
    if (!op.OutUnused(i)) return op.Unsupported("the statistics as outputs");
  std::vector<int64_t> axes = {0};
  for (int64_t axis = 2; axis < x.rank(); ++axis) axes.push_back(axis);
  EDGEOPT_TRY(const ValueId result,
              ScaledAndShifted(op, x, Standardized(op, x.value, axes, eps, x.type)));
  return op.Out(result);
}

Status BatchNorm(OperatorLowering& op) {
  op.Ignore("momentum");
  op.Ignore("cudnn_enabled");
  EDGEOPT_TRY(const bool training, op.Bool("training", false));
  if (training) return op.Has("running_mean") ? InTraining(op) : BatchNormWithoutStatistics(op);
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const ValueId result, ByStored(op, x));
  for (size_t i = 1; i < op.output_count(); ++i)
    if (!op.OutUnused(i)) return op.Unsupported("the statistics as outputs");
  return op.Out(result);
}

Status InstanceNorm(OperatorLowering& op) {
  op.Ignore("momentum");
  op.Ignore("cudnn_enabled");
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const bool by_input, op.Bool("use_input_stats", true));
  if (!by_input) {
    EDGEOPT_TRY(const ValueId result, ByStored(op, x));
    return op.Out(result);
  }
  if (op.Has("running_mean") || op.Has("running_var")) return InTraining(op);
  if (x.rank() < 3) return op.Unsupported("data of rank " + std::to_string(x.rank()));
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op, x));
  EDGEOPT_TRY(const double eps, op.Float("eps", 1e-5));
  EDGEOPT_TRY(const ValueId scale, GivenOr(op, "weight", 1, {channels}, x.type));
  EDGEOPT_TRY(const ValueId bias, GivenOr(op, "bias", 0, {channels}, x.type));
  return op.Out(op.Node("InstanceNormalization", {x.value, scale, bias}, {Epsilon(eps)}));
}

// The groups are the instances' channels: [N, C, ...] as [N, groups, rest].
Status GroupNormOf(OperatorLowering& op, int64_t groups) {
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const int64_t channels, ChannelsOf(op, x));
  EDGEOPT_TRY(const double eps, op.Float("eps", 1e-5));
  if (groups < 1 || channels % groups != 0)
    return BadInput("it has " + std::to_string(groups) + " groups of " + std::to_string(channels) +
                    " channels");
  for (size_t i = 1; i < op.output_count(); ++i)
    if (!op.OutUnused(i)) return op.Unsupported("the statistics as outputs");
  // 0: the size is kept.
  const ValueId grouped =
      op.Node("Reshape", {x.value, op.IntVector({0, groups, -1}, "groups_shape")});
  EDGEOPT_TRY(const ValueId ones, Filled(op, 1, {groups}, x.type, "ones"));
  EDGEOPT_TRY(const ValueId zeros, Filled(op, 0, {groups}, x.type, "zeros"));
  const ValueId normalized =
      op.Node("InstanceNormalization", {grouped, ones, zeros}, {Epsilon(eps)});
  const ValueId shaped = op.Reshape(normalized, op.SizesOfShape(x));
  EDGEOPT_TRY(const ValueId result, ScaledAndShifted(op, x, shaped));
  return op.Out(result);
}

Status GroupNorm(OperatorLowering& op) {
  op.Ignore("cudnn_enabled");
  EDGEOPT_TRY(const int64_t groups, op.Int("num_groups", 1));
  return GroupNormOf(op, groups);
}

// The form that decompositions leave; N, C and HxW are the input's.
Status NativeGroupNorm(OperatorLowering& op) {
  for (const char* name : {"N", "C", "HxW"}) op.Ignore(name);
  EDGEOPT_TRY(const int64_t groups, op.Int("group", 1));
  return GroupNormOf(op, groups);
}

// How many of the last axes are normalized together.
Result<int64_t> NormalizedAxes(OperatorLowering& op, const Operand& x) {
  EDGEOPT_TRY(const auto shape, op.SizesOf("normalized_shape"));
  const auto count = static_cast<int64_t>(shape.size());
  if (count < 1 || count > x.rank())
    return BadInput("its normalized shape has " + std::to_string(count) + " axes, its data " +
                    std::to_string(x.rank()));
  return count;
}

// Outputs: the result; where decompositions leave them, mean and 1 / deviation.
Status LayerNorm(OperatorLowering& op) {
  op.Ignore("cudnn_enable");
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const int64_t count, NormalizedAxes(op, x));
  EDGEOPT_TRY(const double eps, op.Float("eps", 1e-5));
  const ir::Shape last(x.shape.end() - count, x.shape.end());
  const auto dims = ir::ToDims(last);
  if (!dims) return op.Unsupported("a normalized shape that is known in a run only");
  EDGEOPT_TRY(const ValueId scale, GivenOr(op, "weight", 1, *dims, x.type));
  EDGEOPT_TRY(const ValueId bias, op.InOrNone("bias"));
  size_t outputs = 1;
  for (size_t i = 1; i < op.output_count(); ++i)
    if (!op.OutUnused(i)) outputs = i + 1;
  const auto made = op.Nodes("LayerNormalization", outputs, {x.value, scale, bias},
                             {{"axis", -count}, Epsilon(eps)});
  for (size_t i = 0; i < made.size(); ++i) EDGEOPT_CHECK_OK(op.Out(made[i], i));
  return OkStatus();
}

double SmallestStep(DataType type) {
  if (type == DataType::kFloat64) return std::numeric_limits<double>::epsilon();
  if (type == DataType::kFloat16) return 0.0009765625;  // 2^-10
  if (type == DataType::kBfloat16) return 0.0078125;    // 2^-7
  return std::numeric_limits<float>::epsilon();
}

// x / sqrt(mean(x^2) + eps) * weight, in float32 for shorter types, as PyTorch does.
Status RmsNorm(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("input"));
  EDGEOPT_TRY(const int64_t count, NormalizedAxes(op, x));
  EDGEOPT_TRY(const double eps, op.Float("eps", SmallestStep(x.type)));
  EDGEOPT_TRY(const ValueId weight, op.InOrNone("weight"));
  if (!op.OutUnused(1)) return op.Unsupported("the statistics as outputs");
  std::vector<int64_t> axes;
  for (int64_t axis = x.rank() - count; axis < x.rank(); ++axis) axes.push_back(axis);
  const DataType wide = x.type == DataType::kFloat64 ? DataType::kFloat64 : DataType::kFloat32;
  const ValueId data = op.As(x, wide);
  const ValueId mean = op.Reduce("ReduceMean", op.Node("Mul", {data, data}), axes, true);
  const ValueId root = op.Node("Sqrt", {op.Node("Add", {mean, op.Scalar(eps, wide)})});
  ValueId result = op.Node("Div", {data, root});
  if (x.type != wide) result = op.Cast(result, x.type);
  return op.Out(weight.valid() ? op.Node("Mul", {result, weight}) : result);
}

// v * (g / |v|): the norm is over all axes but `dim`, over all of them where that is -1.
Status WeightNorm(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand v, op.In("v"));
  EDGEOPT_TRY(const Operand g, op.In("g"));
  EDGEOPT_TRY(int64_t dim, op.Int("dim", 0));
  if (dim != -1) {
    EDGEOPT_TRY(dim, op.Axis(dim, v.rank()));
  }
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < v.rank(); ++axis)
    if (axis != dim) axes.push_back(axis);
  const ValueId norm =
      axes.empty() ? op.Node("Abs", {v.value}) : op.Reduce("ReduceL2", v.value, axes, true);
  EDGEOPT_CHECK_OK(op.Out(op.Node("Mul", {v.value, op.Node("Div", {g.value, norm})})));
  return op.OutUnused(1) ? OkStatus() : op.Out(norm, 1);
}

constexpr Rule kRules[] = {
    {.target = "aten._fused_rms_norm.default", .lower = RmsNorm},
    {.target = "aten._native_batch_norm_legit.no_stats", .lower = BatchNormWithoutStatistics},
    {.target = "aten._native_batch_norm_legit_no_training.default", .lower = BatchNorm},
    {.target = "aten._weight_norm.default", .lower = WeightNorm},
    {.target = "aten._weight_norm_interface.default", .lower = WeightNorm},
    {.target = "aten.batch_norm.default", .lower = BatchNorm},
    {.target = "aten.group_norm.default", .lower = GroupNorm},
    {.target = "aten.instance_norm.default", .lower = InstanceNorm},
    {.target = "aten.layer_norm.default", .lower = LayerNorm},
    {.target = "aten.native_batch_norm.default", .lower = BatchNorm},
    {.target = "aten.native_group_norm.default", .lower = NativeGroupNorm},
    {.target = "aten.native_layer_norm.default", .lower = LayerNorm},
    {.target = "aten.rms_norm.default", .lower = RmsNorm},
};

}  // namespace

Family normalization() { return {"normalization", kRules}; }

}  // namespace edgeopt::formats::pt2
