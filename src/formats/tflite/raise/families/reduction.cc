// Reductions over axes, positions of extremes, running sums.
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

using ir::DataType;

Result<ValueId> Reduced(OperatorRaising& op, ValueId x) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::ReducerOptionsT>());
  if (op.ConstantIn(1)) {
    EDGEOPT_TRY(const auto axes, op.AxesIn(1));
    return op.Reduce(op.onnx(), x, axes, options.keep_dims);
  }
  return op.Node(op.onnx(), {x, op.In64(1)},
                 {{"keepdims", int64_t{options.keep_dims}}, {"noop_with_empty_axes", int64_t{1}}});
}

Status Reduce(OperatorRaising& op) {
  EDGEOPT_TRY(const ValueId result, Reduced(op, op.In(0)));
  return op.Out(result);
}

// Truth values as 0 and 1.
Status ReduceTruth(OperatorRaising& op) {
  EDGEOPT_TRY(const ValueId result, Reduced(op, op.Cast(op.In(0), DataType::kInt32)));
  return op.OutCast(result);
}

Status ArgExtremum(OperatorRaising& op) {
  EDGEOPT_TRY(const int64_t given, op.IntIn(1));
  EDGEOPT_TRY(const int64_t axis, op.Axis(given, op.InRank(0)));
  return op.OutCast(op.Node(op.onnx(), {op.In(0)}, {{"axis", axis}, {"keepdims", int64_t{0}}}));
}

Status CumSum(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::CumsumOptionsT>());
  EDGEOPT_TRY(const int64_t given, op.IntIn(1));
  EDGEOPT_TRY(const int64_t axis, op.Axis(given, op.InRank(0)));
  const ValueId along = op.Scalar(static_cast<double>(axis), DataType::kInt64);
  return op.Out(
      op.Node("CumSum", {op.In(0), along},
              {{"exclusive", int64_t{options.exclusive}}, {"reverse", int64_t{options.reverse}}}));
}

constexpr Rule kRules[] = {
    {.op = Op::ARG_MAX, .raise = ArgExtremum, .onnx = "ArgMax", .inputs = 2},
    {.op = Op::ARG_MIN, .raise = ArgExtremum, .onnx = "ArgMin", .inputs = 2},
    {.op = Op::CUMSUM, .raise = CumSum, .inputs = 2},
    {.op = Op::MEAN, .raise = Reduce, .onnx = "ReduceMean", .inputs = 2},
    {.op = Op::REDUCE_ALL, .raise = ReduceTruth, .onnx = "ReduceMin", .inputs = 2},
    {.op = Op::REDUCE_ANY, .raise = ReduceTruth, .onnx = "ReduceMax", .inputs = 2},
    {.op = Op::REDUCE_MAX, .raise = Reduce, .onnx = "ReduceMax", .inputs = 2},
    {.op = Op::REDUCE_MIN, .raise = Reduce, .onnx = "ReduceMin", .inputs = 2},
    {.op = Op::REDUCE_PROD, .raise = Reduce, .onnx = "ReduceProd", .inputs = 2},
    {.op = Op::SUM, .raise = Reduce, .onnx = "ReduceSum", .inputs = 2},
};

}  // namespace

Family reduction() { return {"reduction", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
