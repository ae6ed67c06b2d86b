// Pooling to a given size: output i of n covers the elements from floor(i * in / n) to
// ceil((i + 1) * in / n) of its axis (ATen, AdaptivePooling.h).
#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

// Larger ones would be slower than they are worth, and a hostile program could ask any.
constexpr int64_t kLargestAxis = 4096;

struct Axis {
  int64_t axis = 0, from = 0, to = 0;  // from: 0 where it is known in a run only
};

struct Plan {
  std::vector<int64_t> reduced;  // axes that become 1
  std::vector<int64_t> kernel;   // of windows that fit; 1 for other axes
  bool has_windows = false;
  std::vector<Axis> uneven;  // windows of different sizes
};

Result<Plan> PlanOf(OperatorLowering& op, const Operand& x, size_t spatial) {
  if (x.shape.size() != spatial + 1 && x.shape.size() != spatial + 2)
    return BadInput("its data has rank " + std::to_string(x.rank()));
  EDGEOPT_TRY(const auto to, op.Ints("output_size", spatial, {}));
  if (to.size() != spatial) return BadInput("its output size is missing");
  Plan plan;
  plan.kernel.assign(spatial, 1);
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t axis = x.rank() - static_cast<int64_t>(spatial - i);
    const auto from = x.shape[static_cast<size_t>(axis)].value;
    if (from == to[i]) continue;
    if (to[i] == 1) {
      plan.reduced.push_back(axis);
    } else if (!from) {
      return op.Unsupported("an axis whose size is known in a run only, to size " +
                            std::to_string(to[i]));
    } else if (to[i] > 0 && *from % to[i] == 0) {
      plan.kernel[i] = *from / to[i];
      plan.has_windows = true;
    } else if (to[i] > 0 && *from > 0 && *from <= kLargestAxis && to[i] <= kLargestAxis) {
      plan.uneven.push_back({axis, *from, to[i]});
    } else {
      return op.Unsupported("from size " + std::to_string(*from) + " to " + std::to_string(to[i]));
    }
  }
  return plan;
}

// [from, to]: column i has 1 / count where output i's window lies, so that data times it is the
// mean.
ir::Tensor Means(int64_t from, int64_t to) {
  std::vector<float> means(static_cast<size_t>(from * to), 0);
  for (int64_t i = 0; i < to; ++i) {
    const int64_t begin = i * from / to, end = ((i + 1) * from + to - 1) / to;
    for (int64_t at = begin; at < end; ++at)
      means[static_cast<size_t>(at * to + i)] = 1.0F / static_cast<float>(end - begin);
  }
  return ir::Tensor::Of({from, to}, means);
}

ValueId Windows(OperatorLowering& op, const char* op_type, ValueId x, bool batched,
                const Plan& plan) {
  if (!batched) x = op.Unsqueeze(x, {0});
  x = op.Node(op_type, {x}, {{"kernel_shape", plan.kernel}, {"strides", plan.kernel}});
  return batched ? x : op.Squeeze(x, {0});
}

// Axis by axis: the mean over a rectangle is the mean of means.
template <size_t kSpatial>
Status AdaptiveAvgPool(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const Plan plan, PlanOf(op, x, kSpatial));
  const bool batched = x.shape.size() == kSpatial + 2;
  if (batched && plan.reduced.size() == kSpatial)
    return op.Out(op.Node("GlobalAveragePool", {x.value}));
  ValueId result = op.Reduce("ReduceMean", x.value, plan.reduced, /*keep_dims=*/true);
  if (plan.has_windows) result = Windows(op, "AveragePool", result, batched, plan);
  for (const Axis& axis : plan.uneven) {
    if (x.type != DataType::kFloat32) return op.Unsupported("uneven windows of this type");
    const ir::Tensor means = Means(axis.from, axis.to);
    const bool last = axis.axis == x.rank() - 1;
    if (!last && axis.axis != x.rank() - 2)
      return op.Unsupported("uneven windows along the first of three axes");
    result = last ? op.Node("MatMul", {result, op.Constant(means, "means")})
                  : op.Node("MatMul", {op.Permuted(op.Constant(means, "means"), {1, 0}), result});
  }
  return op.Out(result);
}

// Outputs: the maxima, and where they are.
template <size_t kSpatial>
Status AdaptiveMaxPool(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand x, op.In("self"));
  EDGEOPT_TRY(const Plan plan, PlanOf(op, x, kSpatial));
  if (!op.OutUnused(1)) return op.Unsupported("the positions of the maxima as an output");
  if (!plan.uneven.empty()) return op.Unsupported("windows of different sizes");
  const bool batched = x.shape.size() == kSpatial + 2;
  if (batched && plan.reduced.size() == kSpatial)
    return op.Out(op.Node("GlobalMaxPool", {x.value}));
  ValueId result = op.Reduce("ReduceMax", x.value, plan.reduced, /*keep_dims=*/true);
  if (plan.has_windows) result = Windows(op, "MaxPool", result, batched, plan);
  return op.Out(result);
}

constexpr Rule kRules[] = {
    {.target = "aten._adaptive_avg_pool2d.default", .lower = AdaptiveAvgPool<2>},
    {.target = "aten._adaptive_avg_pool3d.default", .lower = AdaptiveAvgPool<3>},
    {.target = "aten.adaptive_avg_pool1d.default", .lower = AdaptiveAvgPool<1>},
    {.target = "aten.adaptive_avg_pool2d.default", .lower = AdaptiveAvgPool<2>},
    {.target = "aten.adaptive_avg_pool3d.default", .lower = AdaptiveAvgPool<3>},
    {.target = "aten.adaptive_max_pool1d.default", .lower = AdaptiveMaxPool<1>},
    {.target = "aten.adaptive_max_pool2d.default", .lower = AdaptiveMaxPool<2>},
    {.target = "aten.adaptive_max_pool3d.default", .lower = AdaptiveMaxPool<3>},
};

}  // namespace

Family adaptive_pooling() { return {"adaptive_pooling", kRules}; }

}  // namespace edgeopt::formats::pt2
