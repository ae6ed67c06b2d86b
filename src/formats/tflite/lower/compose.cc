#include "formats/tflite/lower/compose.h"

#include <algorithm>

namespace edgeopt::formats::tflite::lower {

TensorIndex Composer::Keep(Result<TensorIndex> made) {
  if (made.ok()) return *made;
  if (status_.ok()) status_ = made.error();
  return kOmitted;
}

TensorIndex Composer::Scalar(double value) {
  if (!status_.ok()) return kOmitted;
  return Keep(node_.Scalar(value, node_.InType(0).element));
}

TensorIndex Composer::TempOf(TensorIndex like, const ir::Shape& shape) {
  return Keep(node_.TempLike(like, shape, "part"));
}

ir::Shape Composer::BroadcastShape(TensorIndex left, TensorIndex right) const {
  const ir::Shape a = node_.file().ShapeOf(left), b = node_.file().ShapeOf(right);
  ir::Shape shape(std::max(a.size(), b.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    const ir::Dim one = ir::Dim::Of(1);
    const ir::Dim& x = i < a.size() ? a[a.size() - 1 - i] : one;
    const ir::Dim& y = i < b.size() ? b[b.size() - 1 - i] : one;
    shape[shape.size() - 1 - i] = x == one ? y : x;
  }
  return shape;
}

// Options tables without content are needed by some readers.
void Composer::Add(Op op, std::vector<TensorIndex> inputs, TensorIndex output) {
  FileBuilder& file = node_.file();
  switch (op) {
    case Op::ADD:
      return file.Add(op, std::move(inputs), {output}, schema::AddOptionsT{});
    case Op::SUB:
      return file.Add(op, std::move(inputs), {output}, schema::SubOptionsT{});
    case Op::MUL:
      return file.Add(op, std::move(inputs), {output}, schema::MulOptionsT{});
    case Op::DIV:
      return file.Add(op, std::move(inputs), {output}, schema::DivOptionsT{});
    default:
      return file.Add(op, std::move(inputs), {output});
  }
}

TensorIndex Composer::Unary(Op op, TensorIndex x) {
  if (!status_.ok()) return kOmitted;
  const TensorIndex result = TempOf(x, node_.file().ShapeOf(x));
  if (status_.ok()) Add(op, {x}, result);
  return result;
}

TensorIndex Composer::Binary(Op op, TensorIndex left, TensorIndex right) {
  if (!status_.ok()) return kOmitted;
  const TensorIndex result = TempOf(left, BroadcastShape(left, right));
  if (status_.ok()) Add(op, {left, right}, result);
  return result;
}

TensorIndex Composer::Compare(Op op, TensorIndex left, TensorIndex right) {
  if (!status_.ok()) return kOmitted;
  const TensorIndex result =
      Keep(node_.Temp(BroadcastShape(left, right), ir::DataType::kBool, "part"));
  if (status_.ok()) Add(op, {left, right}, result);
  return result;
}

TensorIndex Composer::Select(TensorIndex condition, TensorIndex yes, TensorIndex no) {
  if (!status_.ok()) return kOmitted;
  const TensorIndex result = TempOf(yes, BroadcastShape(yes, no));
  if (status_.ok()) Add(Op::SELECT_V2, {condition, yes, no}, result);
  return result;
}

TensorIndex Composer::Reduce(Op op, TensorIndex x, const std::vector<int64_t>& axes) {
  if (!status_.ok()) return kOmitted;
  ir::Shape shape = node_.file().ShapeOf(x);
  for (const int64_t axis : axes) shape[static_cast<size_t>(axis)] = ir::Dim::Of(1);
  const TensorIndex over = Keep(node_.Ints(axes, "axes"));
  const TensorIndex result = TempOf(x, shape);
  if (!status_.ok()) return kOmitted;
  schema::ReducerOptionsT options;
  options.keep_dims = true;
  node_.file().Add(op, {x, over}, {result}, options);
  return result;
}

TensorIndex Composer::Reshape(TensorIndex x, const ir::Shape& shape) {
  return status_.ok() ? Keep(node_.Reshape(x, shape, "part")) : kOmitted;
}

TensorIndex Composer::Cast(TensorIndex x, ir::DataType type) {
  return status_.ok() ? Keep(node_.Cast(x, type, "part")) : kOmitted;
}

// max(x, 0) + log(1 + exp(-|x|)).
TensorIndex Composer::Softplus(TensorIndex x) {
  const TensorIndex decayed = Unary(Op::EXP, Unary(Op::NEG, Unary(Op::ABS, x)));
  const TensorIndex logarithm = Unary(Op::LOG, Binary(Op::ADD, decayed, 1.0));
  return Binary(Op::ADD, Unary(Op::RELU, x), logarithm);
}

TensorIndex Composer::Polynomial(TensorIndex x, const std::vector<double>& coefficients) {
  TensorIndex sum = Scalar(coefficients.front());
  for (size_t i = 1; i < coefficients.size(); ++i)
    sum = Binary(Op::ADD, Binary(Op::MUL, x, sum), coefficients[i]);
  return sum;
}

Status Composer::Finish(Op op, TensorIndex x) {
  if (!status_.ok()) return status_;
  EDGEOPT_TRY(const TensorIndex output, node_.Out());
  Add(op, {x}, output);
  return OkStatus();
}

Status Composer::Finish(Op op, TensorIndex left, TensorIndex right) {
  if (!status_.ok()) return status_;
  EDGEOPT_TRY(const TensorIndex output, node_.Out());
  Add(op, {left, right}, output);
  return OkStatus();
}

Status Composer::FinishSelect(TensorIndex condition, TensorIndex yes, TensorIndex no) {
  if (!status_.ok()) return status_;
  EDGEOPT_TRY(const TensorIndex output, node_.Out());
  Add(Op::SELECT_V2, {condition, yes, no}, output);
  return OkStatus();
}

Status Composer::FinishReshape(TensorIndex x) {
  if (!status_.ok()) return status_;
  EDGEOPT_TRY(const TensorIndex output, node_.Out());
  return node_.ReshapeTo(x, *node_.OutType().shape, output);
}

}  // namespace edgeopt::formats::tflite::lower
