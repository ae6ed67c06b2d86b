// Sums, means, extremes, variances and norms over axes. No axes given: all of them.
#include <cmath>
#include <limits>

#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

// The argument `dim` as axes from the front; a scalar has none.
Result<std::vector<int64_t>> Axes(OperatorLowering& op, const Operand& self) {
  EDGEOPT_TRY(auto axes, op.AxesOf("dim", self.rank()));
  if (self.rank() == 0) axes.clear();
  return axes;
}

// In the type of the result, which dtype or integers decide.
Status Reduce(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto axes, Axes(op, self));
  EDGEOPT_TRY(const bool keep, op.Bool("keepdim", false));
  op.Ignore("dtype");
  return op.OutCast(op.Reduce(op.onnx(), op.As(self, type), axes, keep), type);
}

// any and all: the greatest and the least of truth values.
Status Quantified(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto axes, Axes(op, self));
  EDGEOPT_TRY(const bool keep, op.Bool("keepdim", false));
  const ValueId truth = op.Cast(op.As(self, DataType::kBool), DataType::kInt32);
  return op.Out(
      op.Cast(op.Cast(op.Reduce(op.onnx(), truth, axes, keep), DataType::kBool), op.OutType()));
}

Status CountNonzero(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto axes, Axes(op, self));
  const ValueId truth = op.Cast(op.As(self, DataType::kBool), DataType::kInt64);
  return op.Out(op.Reduce("ReduceSum", truth, axes, false));
}

// --- variance ---

// How many elements are reduced into one, as a number of that type.
ValueId Count(OperatorLowering& op, const Operand& x, const std::vector<int64_t>& axes) {
  double known = 1;
  ValueId count;
  for (const int64_t axis : axes) {
    const Size size = op.SizeOfAxis(x, axis);
    if (const auto* number = std::get_if<int64_t>(&size)) {
      known *= static_cast<double>(*number);
    } else {
      const ValueId factor = op.Cast(std::get<ValueId>(size), x.type);
      count = count.valid() ? op.Node("Mul", {count, factor}) : factor;
    }
  }
  const ValueId constant = op.Scalar(known, x.type);
  return count.valid() ? op.Node("Mul", {count, constant}) : constant;
}

// The sum of squares is divided by their number less this. The older forms say `unbiased`.
Result<double> Correction(OperatorLowering& op) {
  EDGEOPT_TRY(const bool unbiased, op.Bool("unbiased", true));
  return op.Float("correction", unbiased ? 1 : 0);
}

struct Moments {
  ValueId variance, mean;
};
Result<Moments> MomentsOf(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (!ir::IsFloatingPoint(self.type)) return BadInput("its argument 'self' is not real");
  EDGEOPT_TRY(const auto axes, Axes(op, self));
  EDGEOPT_TRY(const bool keep, op.Bool("keepdim", false));
  EDGEOPT_TRY(const double correction, Correction(op));
  const ValueId mean = op.Reduce("ReduceMean", self.value, axes, true);
  const ValueId difference = op.Node("Sub", {self.value, mean});
  const ValueId squares = op.Node("Mul", {difference, difference});
  Moments moments;
  moments.mean = keep || axes.empty() ? mean : op.Squeeze(mean, axes);
  if (correction == 0) {
    moments.variance = op.Reduce("ReduceMean", squares, axes, keep);
    return moments;
  }
  const ValueId divisor =
      op.Node("Max", {op.Node("Sub", {Count(op, self, axes), op.Scalar(correction, self.type)}),
                      op.Scalar(0, self.type)});
  moments.variance = op.Node("Div", {op.Reduce("ReduceSum", squares, axes, keep), divisor});
  return moments;
}

Status Variance(OperatorLowering& op) {
  EDGEOPT_TRY(const Moments moments, MomentsOf(op));
  return op.Out(moments.variance);
}
Status Deviation(OperatorLowering& op) {
  EDGEOPT_TRY(const Moments moments, MomentsOf(op));
  return op.Out(op.Node("Sqrt", {moments.variance}));
}
Status VarianceAndMean(OperatorLowering& op) {
  EDGEOPT_TRY(const Moments moments, MomentsOf(op));
  EDGEOPT_CHECK_OK(op.Out(moments.variance, 0));
  return op.Out(moments.mean, 1);
}
Status DeviationAndMean(OperatorLowering& op) {
  EDGEOPT_TRY(const Moments moments, MomentsOf(op));
  EDGEOPT_CHECK_OK(op.Out(op.Node("Sqrt", {moments.variance}), 0));
  return op.Out(moments.mean, 1);
}

// --- norms ---

// (sum of |x|^p)^(1/p); of infinite p the greatest or least |x|, of 0 the number of nonzeros.
ValueId Norm(OperatorLowering& op, ValueId x, double p, const std::vector<int64_t>& axes, bool keep,
             DataType type) {
  if (p == 2 && !axes.empty()) return op.Reduce("ReduceL2", x, axes, keep);
  if (p == 1 && !axes.empty()) return op.Reduce("ReduceL1", x, axes, keep);
  const ValueId magnitude = op.Node("Abs", {x});
  if (std::isinf(p)) return op.Reduce(p > 0 ? "ReduceMax" : "ReduceMin", magnitude, axes, keep);
  if (p == 0) {
    const ValueId nonzero = op.Cast(op.Cast(x, DataType::kBool), type);
    return op.Reduce("ReduceSum", nonzero, axes, keep);
  }
  const ValueId powers = op.Node("Pow", {magnitude, op.Scalar(p, type)});
  return op.Node("Pow", {op.Reduce("ReduceSum", powers, axes, keep), op.Scalar(1 / p, type)});
}

Status VectorNorm(OperatorLowering& op) {
  const DataType type = op.OutType();
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto axes, Axes(op, self));
  EDGEOPT_TRY(const bool keep, op.Bool("keepdim", false));
  EDGEOPT_TRY(const double exponent, op.Float("p", 2));
  EDGEOPT_TRY(const double order, op.Float("ord", exponent));
  op.Ignore("dtype");
  return op.Out(Norm(op, op.As(self, type), order, axes, keep, type));
}

constexpr Rule kRules[] = {
    {"aten.all.default", Quantified, "ReduceMin"},
    {"aten.all.dim", Quantified, "ReduceMin"},
    {"aten.all.dims", Quantified, "ReduceMin"},
    {"aten.amax.default", Reduce, "ReduceMax"},
    {"aten.amin.default", Reduce, "ReduceMin"},
    {"aten.any.default", Quantified, "ReduceMax"},
    {"aten.any.dim", Quantified, "ReduceMax"},
    {"aten.any.dims", Quantified, "ReduceMax"},
    {"aten.count_nonzero.default", CountNonzero},
    {"aten.count_nonzero.dim_IntList", CountNonzero},
    {"aten.linalg_vector_norm.default", VectorNorm},
    {"aten.logsumexp.default", Reduce, "ReduceLogSumExp"},
    {"aten.max.default", Reduce, "ReduceMax"},
    {"aten.mean.default", Reduce, "ReduceMean"},
    {"aten.mean.dim", Reduce, "ReduceMean"},
    {"aten.min.default", Reduce, "ReduceMin"},
    {"aten.norm.Scalar", VectorNorm},
    {"aten.norm.ScalarOpt_dim", VectorNorm},
    {"aten.norm.ScalarOpt_dim_dtype", VectorNorm},
    {"aten.prod.default", Reduce, "ReduceProd"},
    {"aten.prod.dim_int", Reduce, "ReduceProd"},
    {"aten.std.correction", Deviation},
    {"aten.std.default", Deviation},
    {"aten.std.dim", Deviation},
    {"aten.std_mean.correction", DeviationAndMean},
    {"aten.std_mean.default", DeviationAndMean},
    {"aten.std_mean.dim", DeviationAndMean},
    {"aten.sum.default", Reduce, "ReduceSum"},
    {"aten.sum.dim_IntList", Reduce, "ReduceSum"},
    {"aten.var.correction", Variance},
    {"aten.var.default", Variance},
    {"aten.var.dim", Variance},
    {"aten.var_mean.correction", VarianceAndMean},
    {"aten.var_mean.default", VarianceAndMean},
    {"aten.var_mean.dim", VarianceAndMean},
};

}  // namespace

Family reduction() { return {"reduction", kRules}; }

}  // namespace edgeopt::formats::pt2
