// Writing an operator that TFLite has not as several that it has, as a formula:
//   Composer c(node);
//   const TensorIndex x = c.In(0);
//   return c.Finish(Op::MUL, x, c.Unary(Op::TANH, c.Softplus(x)));
// The first error is kept, what follows it does nothing, and Finish returns it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "formats/tflite/lower/lowering.h"

namespace edgeopt::formats::tflite::lower {

class Composer {
 public:
  explicit Composer(NodeLowering& node) : node_(node) {}

  TensorIndex In(size_t slot) { return Keep(node_.In(slot)); }
  TensorIndex In32(size_t slot) { return Keep(node_.In32(slot)); }
  TensorIndex Out(size_t index = 0) { return Keep(node_.Out(index)); }
  // A scalar of the type of input 0.
  TensorIndex Scalar(double value);
  TensorIndex Constant(const ir::Tensor& tensor);
  // One slice of x along the axis, all of one number; the other sizes have to be known.
  TensorIndex Filled(TensorIndex x, int64_t axis, double value);

  // The results have the broadcast shape, and the left operand's type.
  TensorIndex Unary(Op op, TensorIndex x);
  TensorIndex Binary(Op op, TensorIndex left, TensorIndex right);
  TensorIndex Binary(Op op, TensorIndex left, double right) {
    return Binary(op, left, Scalar(right));
  }
  // bool results.
  TensorIndex Compare(Op op, TensorIndex left, TensorIndex right);
  TensorIndex Select(TensorIndex condition, TensorIndex yes, TensorIndex no);
  // SUM, MEAN, REDUCE_MAX ... over the axes, which keep size 1.
  TensorIndex Reduce(Op op, TensorIndex x, const std::vector<int64_t>& axes);
  TensorIndex Reshape(TensorIndex x, const ir::Shape& shape);
  TensorIndex Transpose(TensorIndex x, const std::vector<int64_t>& permutation);
  TensorIndex Reverse(TensorIndex x, int64_t axis);
  TensorIndex Cast(TensorIndex x, ir::DataType type);
  // The slices of x along the axis that `indices` name.
  TensorIndex Gather(TensorIndex x, TensorIndex indices, int64_t axis);
  // SCATTER_ND: zeros of that shape, to whose rows `indices` [n, 1] the n rows are added.
  TensorIndex Scatter(TensorIndex indices, TensorIndex rows, const ir::Shape& shape);
  TensorIndex Concat(const std::vector<TensorIndex>& parts, int64_t axis);
  // BATCH_MATMUL: [..., rows, k] and [..., k, columns].
  TensorIndex MatMul(TensorIndex left, TensorIndex right);
  // FULLY_CONNECTED: x [..., inputs], weights [outputs, inputs], bias [outputs] or kOmitted.
  TensorIndex Connected(TensorIndex x, TensorIndex weights, TensorIndex bias);
  // Equal parts of the last axis.
  std::vector<TensorIndex> Split(TensorIndex x, size_t count);
  // The `count` slices along an axis of that size, without the axis; Pack is the reverse.
  std::vector<TensorIndex> Unpack(TensorIndex x, int64_t axis, int64_t count);
  TensorIndex Pack(const std::vector<TensorIndex>& slices, int64_t axis);
  // log(1 + exp(x)), of any x.
  TensorIndex Softplus(TensorIndex x);
  // A polynomial by Horner's rule, the highest coefficient first.
  TensorIndex Polynomial(TensorIndex x, const std::vector<double>& coefficients);

  // The last operator, into the node's output.
  Status Finish(Op op, TensorIndex x);
  Status Finish(Op op, TensorIndex left, TensorIndex right);
  Status FinishGather(TensorIndex x, TensorIndex indices, int64_t axis = 0);
  Status FinishSelect(TensorIndex condition, TensorIndex yes, TensorIndex no);
  // What was composed is the output.
  Status FinishReshape(TensorIndex x);
  // For nodes of several outputs: written to Out(index); status() at the end.
  void PackInto(TensorIndex output, const std::vector<TensorIndex>& slices, int64_t axis);
  void ReshapeInto(TensorIndex output, TensorIndex x);
  void CastInto(TensorIndex output, TensorIndex x);
  const Status& status() const { return status_; }

 private:
  TensorIndex Keep(Result<TensorIndex> made);
  void Add(Op op, std::vector<TensorIndex> inputs, TensorIndex output);
  TensorIndex TempOf(TensorIndex like, const ir::Shape& shape);
  static ir::Shape Broadcast(const ir::Shape& a, const ir::Shape& b);
  ir::Shape BroadcastShape(TensorIndex left, TensorIndex right) const;

  NodeLowering& node_;
  Status status_;
};

}  // namespace edgeopt::formats::tflite::lower
