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
  // A scalar of the type of input 0.
  TensorIndex Scalar(double value);

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
  TensorIndex Cast(TensorIndex x, ir::DataType type);
  // log(1 + exp(x)), of any x.
  TensorIndex Softplus(TensorIndex x);
  // A polynomial by Horner's rule, the highest coefficient first.
  TensorIndex Polynomial(TensorIndex x, const std::vector<double>& coefficients);

  // The last operator, into the node's output.
  Status Finish(Op op, TensorIndex x);
  Status Finish(Op op, TensorIndex left, TensorIndex right);
  Status FinishSelect(TensorIndex condition, TensorIndex yes, TensorIndex no);
  // What was composed is the output.
  Status FinishReshape(TensorIndex x);

 private:
  TensorIndex Keep(Result<TensorIndex> made);
  void Add(Op op, std::vector<TensorIndex> inputs, TensorIndex output);
  TensorIndex TempOf(TensorIndex like, const ir::Shape& shape);
  ir::Shape BroadcastShape(TensorIndex left, TensorIndex right) const;

  NodeLowering& node_;
  Status status_;
};

}  // namespace edgeopt::formats::tflite::lower
