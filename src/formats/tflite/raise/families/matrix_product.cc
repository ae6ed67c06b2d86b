// FULLY_CONNECTED and BATCH_MATMUL.
#include <numeric>

#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// y = x W^T + b; W [O, I], x [..., I] or anything of as many elements. A matrix is Gemm's; more
// axes stay with keep_num_dims, else they become the rows of one.
Status FullyConnected(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(1, 2, 2));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::FullyConnectedOptionsT>());
  if (options.weights_format != schema::FullyConnectedOptionsWeightsFormat::DEFAULT)
    return op.Unsupported("shuffled weights");
  const int64_t depth = op.in(1).shape[1];
  const ir::Shape shape = op.InShape(0);
  const bool fits = !shape.empty() && shape.back().value == depth;
  EDGEOPT_TRY(const ValueId bias, op.Bias(2, 0, 1));
  if (options.keep_num_dims && shape.size() != 2) {
    if (!fits)
      return BadInput("its weights are for " + std::to_string(depth) + " elements; the input is " +
                      ir::ToString(shape));
    ValueId result = op.Node("MatMul", {op.In(0), op.Permuted(1, {1, 0})});
    if (bias.valid()) result = op.Node("Add", {result, bias});
    return op.Out(result, options.fused_activation_function);
  }
  const bool is_matrix = shape.size() == 2 && fits;
  const ValueId rows = is_matrix ? op.In(0) : op.Reshape(op.In(0), {-1, depth});
  const ValueId result = op.Node("Gemm", {rows, op.In(1), bias}, {{"transB", int64_t{1}}});
  return op.Out(result, options.fused_activation_function);
}

ValueId Adjoint(OperatorRaising& op, size_t slot, bool adjoint) {
  if (!adjoint) return op.In(slot);
  std::vector<int64_t> order(static_cast<size_t>(op.InRank(slot)));
  std::iota(order.begin(), order.end(), 0);
  std::swap(order.end()[-1], order.end()[-2]);
  return op.Permuted(slot, order);
}

Status BatchMatMul(OperatorRaising& op) {
  for (const size_t slot : {size_t{0}, size_t{1}}) EDGEOPT_CHECK_OK(op.CheckRank(slot, 2, 8));
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::BatchMatMulOptionsT>());
  return op.Out(op.Node("MatMul", {Adjoint(op, 0, options.adj_x), Adjoint(op, 1, options.adj_y)}));
}

constexpr Rule kRules[] = {
    {.op = Op::BATCH_MATMUL, .raise = BatchMatMul, .inputs = 2},
    {.op = Op::FULLY_CONNECTED, .raise = FullyConnected, .inputs = 2, .most_inputs = 3},
};

}  // namespace

Family matrix_product() { return {"matrix_product", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
