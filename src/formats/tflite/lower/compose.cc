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

TensorIndex Composer::Constant(const ir::Tensor& tensor) {
  return status_.ok() ? Keep(node_.Constant(tensor, "constant")) : kOmitted;
}

TensorIndex Composer::Filled(TensorIndex x, int64_t axis, double value) {
  const TensorIndex element = Scalar(value);
  if (!status_.ok()) return kOmitted;
  ir::Shape shape = node_.file().ShapeOf(x);
  shape[static_cast<size_t>(axis)] = ir::Dim::Of(1);
  const TensorIndex sizes = Keep(node_.Ints(*ir::ToDims(shape), "sizes"));
  const TensorIndex result = TempOf(element, shape);
  if (status_.ok())
    node_.file().Add(Op::BROADCAST_TO, {element, sizes}, {result}, schema::BroadcastToOptionsT{});
  return result;
}

TensorIndex Composer::TempOf(TensorIndex like, const ir::Shape& shape) {
  return Keep(node_.TempLike(like, shape, "part"));
}

ir::Shape Composer::BroadcastShape(TensorIndex left, TensorIndex right) const {
  return Broadcast(node_.file().ShapeOf(left), node_.file().ShapeOf(right));
}

ir::Shape Composer::Broadcast(const ir::Shape& a, const ir::Shape& b) {
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
  if (status_.ok() && node_.file().ShapeOf(x) == shape) return x;
  return status_.ok() ? Keep(node_.Reshape(x, shape, "part")) : kOmitted;
}

TensorIndex Composer::Cast(TensorIndex x, ir::DataType type) {
  return status_.ok() ? Keep(node_.Cast(x, type, "part")) : kOmitted;
}

TensorIndex Composer::Transpose(TensorIndex x, const std::vector<int64_t>& permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  return status_.ok() ? Keep(node_.Transpose(x, permutation, "part")) : kOmitted;
}

TensorIndex Composer::Reverse(TensorIndex x, int64_t axis) {
  const TensorIndex result = status_.ok() ? TempOf(x, node_.file().ShapeOf(x)) : kOmitted;
  const TensorIndex axes = status_.ok() ? Keep(node_.Ints({axis}, "axes")) : kOmitted;
  if (!status_.ok()) return kOmitted;
  node_.file().Add(Op::REVERSE_V2, {x, axes}, {result}, schema::ReverseV2OptionsT{});
  return result;
}

TensorIndex Composer::Gather(TensorIndex x, TensorIndex indices, int64_t axis) {
  if (!status_.ok()) return kOmitted;
  ir::Shape shape = node_.file().ShapeOf(x);
  const ir::Shape places = node_.file().ShapeOf(indices);
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, places.begin(), places.end());
  const TensorIndex result = TempOf(x, shape);
  if (!status_.ok()) return kOmitted;
  schema::GatherOptionsT options;
  options.axis = static_cast<int32_t>(axis);
  node_.file().Add(Op::GATHER, {x, indices}, {result}, options);
  return result;
}

TensorIndex Composer::Scatter(TensorIndex indices, TensorIndex rows, const ir::Shape& shape) {
  const TensorIndex result = status_.ok() ? TempOf(rows, shape) : kOmitted;
  const TensorIndex sizes = status_.ok() ? Keep(node_.Ints(*ir::ToDims(shape), "shape")) : kOmitted;
  if (!status_.ok()) return kOmitted;
  node_.file().Add(Op::SCATTER_ND, {indices, rows, sizes}, {result}, schema::ScatterNdOptionsT{});
  return result;
}

TensorIndex Composer::Concat(const std::vector<TensorIndex>& parts, int64_t axis) {
  if (!status_.ok()) return kOmitted;
  ir::Shape shape = node_.file().ShapeOf(parts.front());
  ir::Dim& sum = shape[static_cast<size_t>(axis)];
  for (size_t i = 1; i < parts.size() && sum.value; ++i) {
    const auto size = node_.file().ShapeOf(parts[i])[static_cast<size_t>(axis)].value;
    sum.value = size ? std::optional(*sum.value + *size) : std::nullopt;
  }
  const TensorIndex result = TempOf(parts.front(), shape);
  if (!status_.ok()) return kOmitted;
  schema::ConcatenationOptionsT options;
  options.axis = static_cast<int32_t>(axis);
  node_.file().Add(Op::CONCATENATION, parts, {result}, options);
  return result;
}

TensorIndex Composer::MatMul(TensorIndex left, TensorIndex right) {
  if (!status_.ok()) return kOmitted;
  ir::Shape rows = node_.file().ShapeOf(left), columns = node_.file().ShapeOf(right);
  const std::vector<ir::Dim> matrix = {rows[rows.size() - 2], columns.back()};
  rows.resize(rows.size() - 2);
  columns.resize(columns.size() - 2);
  ir::Shape shape = Broadcast(rows, columns);
  shape.insert(shape.end(), matrix.begin(), matrix.end());
  const TensorIndex result = TempOf(left, shape);
  if (status_.ok())
    node_.file().Add(Op::BATCH_MATMUL, {left, right}, {result}, schema::BatchMatMulOptionsT{});
  return result;
}

TensorIndex Composer::Connected(TensorIndex x, TensorIndex weights, TensorIndex bias) {
  if (!status_.ok()) return kOmitted;
  ir::Shape shape = node_.file().ShapeOf(x);
  shape.back() = node_.file().ShapeOf(weights).front();
  const TensorIndex result = TempOf(x, shape);
  if (!status_.ok()) return kOmitted;
  schema::FullyConnectedOptionsT options;
  options.keep_num_dims = shape.size() > 2;
  node_.file().Add(Op::FULLY_CONNECTED, {x, weights, bias}, {result}, options);
  return result;
}

std::vector<TensorIndex> Composer::Split(TensorIndex x, size_t count) {
  std::vector<TensorIndex> parts(count, kOmitted);
  if (!status_.ok()) return parts;
  ir::Shape shape = node_.file().ShapeOf(x);
  if (!shape.back().value) return status_ = node_.Unsupported("a last axis of unknown size"), parts;
  const auto axis = static_cast<double>(shape.size() - 1);
  shape.back() = ir::Dim::Of(*shape.back().value / static_cast<int64_t>(count));
  const TensorIndex along = Keep(node_.Scalar(axis, ir::DataType::kInt32));
  for (TensorIndex& part : parts) part = TempOf(x, shape);
  if (!status_.ok()) return parts;
  schema::SplitOptionsT options;
  options.num_splits = static_cast<int32_t>(count);
  node_.file().Add(Op::SPLIT, {along, x}, parts, options);
  return parts;
}

std::vector<TensorIndex> Composer::Unpack(TensorIndex x, int64_t axis, int64_t count) {
  std::vector<TensorIndex> slices(static_cast<size_t>(count), kOmitted);
  if (!status_.ok()) return slices;
  ir::Shape shape = node_.file().ShapeOf(x);
  shape.erase(shape.begin() + axis);
  for (TensorIndex& slice : slices) slice = TempOf(x, shape);
  if (!status_.ok()) return slices;
  schema::UnpackOptionsT options;
  options.num = static_cast<int32_t>(count);
  options.axis = static_cast<int32_t>(axis);
  node_.file().Add(Op::UNPACK, {x}, slices, options);
  return slices;
}

TensorIndex Composer::Pack(const std::vector<TensorIndex>& slices, int64_t axis) {
  if (!status_.ok()) return kOmitted;
  ir::Shape shape = node_.file().ShapeOf(slices.front());
  shape.insert(shape.begin() + axis, ir::Dim::Of(static_cast<int64_t>(slices.size())));
  const TensorIndex result = TempOf(slices.front(), shape);
  PackInto(result, slices, axis);
  return result;
}

void Composer::PackInto(TensorIndex output, const std::vector<TensorIndex>& slices, int64_t axis) {
  if (!status_.ok()) return;
  schema::PackOptionsT options;
  options.values_count = static_cast<int32_t>(slices.size());
  options.axis = static_cast<int32_t>(axis);
  node_.file().Add(Op::PACK, slices, {output}, options);
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

Status Composer::FinishGather(TensorIndex x, TensorIndex indices, int64_t axis) {
  const TensorIndex output = Out();
  if (!status_.ok()) return status_;
  schema::GatherOptionsT options;
  options.axis = static_cast<int32_t>(axis);
  node_.file().Add(Op::GATHER, {x, indices}, {output}, options);
  return OkStatus();
}

Status Composer::FinishSelect(TensorIndex condition, TensorIndex yes, TensorIndex no) {
  if (!status_.ok()) return status_;
  EDGEOPT_TRY(const TensorIndex output, node_.Out());
  Add(Op::SELECT_V2, {condition, yes, no}, output);
  return OkStatus();
}

Status Composer::FinishReshape(TensorIndex x) {
  ReshapeInto(Out(), x);
  return status_;
}

void Composer::ReshapeInto(TensorIndex output, TensorIndex x) {
  if (status_.ok()) status_ = node_.ReshapeTo(x, node_.file().ShapeOf(output), output);
}

void Composer::CastInto(TensorIndex output, TensorIndex x) {
  if (!status_.ok()) return;
  schema::CastOptionsT options;
  options.in_data_type = node_.tensor(x).type;
  options.out_data_type = node_.tensor(output).type;
  node_.file().Add(Op::CAST, {x}, {output}, options);
}

}  // namespace edgeopt::formats::tflite::lower
