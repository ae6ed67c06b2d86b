// Tensors that are made of numbers alone: constants where their sizes are known.
#include <cmath>

#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

// Larger ones are made in each run, so that the file stays small.
constexpr int64_t kMostElements = 1 << 14;

// Numbers as a tensor of the type; nullopt for types without arithmetic here.
std::optional<ir::Tensor> TensorOf(DataType type, const ir::Dims& dims,
                                   const std::vector<double>& numbers) {
  const auto as = [&]<typename T>(T) {
    std::vector<T> values;
    for (const double number : numbers) values.push_back(static_cast<T>(number));
    return ir::Tensor::Of(dims, values);
  };
  if (type == DataType::kFloat32) return as(float{});
  if (type == DataType::kFloat64) return as(double{});
  if (type == DataType::kInt64) return as(int64_t{});
  if (type == DataType::kInt32) return as(int32_t{});
  return std::nullopt;
}

// A constant of a type that TensorOf has not is one of float32, cast: the numbers are small.
ValueId ConstantOf(OperatorLowering& op, const ir::Dims& dims, const std::vector<double>& numbers) {
  if (const auto tensor = TensorOf(op.OutType(), dims, numbers))
    return op.Constant(*tensor, "constant");
  const ValueId floats = op.Constant(*TensorOf(DataType::kFloat32, dims, numbers), "constant");
  return op.Cast(floats, op.OutType());
}

// --- of one number ---

// A constant number as a constant tensor, where it is not large.
std::optional<ir::Tensor> Repeated(const std::optional<ir::Tensor>& number, const Sizes& sizes) {
  const auto dims = KnownInts(sizes);
  if (!number || !dims) return std::nullopt;
  const auto count = ir::ElementCount(*dims);
  if (!count.ok() || *count > kMostElements) return std::nullopt;
  std::string bytes;
  for (int64_t i = 0; i < *count; ++i) bytes += number->data().text();
  auto tensor = ir::Tensor::Make(number->type(), *dims, Buffer::Copy(bytes.data(), bytes.size()));
  return tensor.ok() ? std::optional(std::move(*tensor)) : std::nullopt;
}

// The number fills the result's shape.
Status OutFilled(OperatorLowering& op, ValueId number, const Sizes& sizes) {
  if (sizes.empty()) return op.Out(number);
  if (const auto tensor = Repeated(op.ConstantOf(number), sizes))
    return op.Out(op.Constant(*tensor, "constant"));
  return op.Out(op.Node("Expand", {number, op.Vector(sizes, "shape")}));
}

Result<Sizes> RecordedSizes(OperatorLowering& op, std::string_view name) {
  const auto dims = ir::ToDims(op.OutShape());
  if (dims) {
    op.Ignore(name);
    return Sizes(dims->begin(), dims->end());
  }
  return op.SizesOf(name);
}

void IgnoreType(OperatorLowering& op) { op.Ignore("dtype"); }

Status Full(OperatorLowering& op) {
  IgnoreType(op);
  EDGEOPT_TRY(const Sizes sizes, RecordedSizes(op, "size"));
  EDGEOPT_TRY(const ValueId number, op.NumberAs("fill_value", op.OutType(), 0));
  if (op.Has("self")) op.Ignore("self");
  return OutFilled(op, number, sizes);
}

template <int kNumber>
Status Filled(OperatorLowering& op) {
  IgnoreType(op);
  op.Ignore("self");  // of new_zeros and new_ones
  EDGEOPT_TRY(const Sizes sizes, RecordedSizes(op, "size"));
  return OutFilled(op, op.Scalar(kNumber, op.OutType()), sizes);
}

Result<Sizes> SizesLike(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  return op.SizesOfShape(self);
}

Status FullLike(OperatorLowering& op) {
  IgnoreType(op);
  EDGEOPT_TRY(const Sizes sizes, SizesLike(op));
  EDGEOPT_TRY(const ValueId number, op.NumberAs("fill_value", op.OutType(), 0));
  return OutFilled(op, number, sizes);
}

template <int kNumber>
Status FilledLike(OperatorLowering& op) {
  IgnoreType(op);
  EDGEOPT_TRY(const Sizes sizes, SizesLike(op));
  return OutFilled(op, op.Scalar(kNumber, op.OutType()), sizes);
}

// self's shape with one number everywhere.
Status Fill(OperatorLowering& op) {
  EDGEOPT_TRY(const Sizes sizes, SizesLike(op));
  EDGEOPT_TRY(const ValueId number, op.InAs("value", op.OutType()));
  return OutFilled(op, number, sizes);
}

Status ScalarTensor(OperatorLowering& op) {
  IgnoreType(op);
  EDGEOPT_TRY(const ValueId number, op.InAs("s", op.OutType()));
  return op.Out(number);
}

// --- of many numbers ---

// start + i * step in double precision, as PyTorch computes ranges on a CPU.
Status KnownRange(OperatorLowering& op, int64_t count) {
  EDGEOPT_TRY(const double start, op.Float("start", 0));
  EDGEOPT_TRY(const double step, op.Float("step", 1));
  op.Ignore("end");
  std::vector<double> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(start + static_cast<double>(i) * step);
  constexpr double kExact = 0x1p53;  // integers up to here are exact
  for (const double number : numbers)
    if (!(std::abs(number) <= kExact)) return op.Unsupported("of numbers this large");
  return op.Out(ConstantOf(op, {count}, numbers));
}

Status Arange(OperatorLowering& op) {
  IgnoreType(op);
  const auto dims = ir::ToDims(op.OutShape());
  if (dims && dims->size() == 1 && dims->front() >= 0 && dims->front() <= kMostElements) {
    if (KnownRange(op, dims->front()).ok()) return OkStatus();
  }
  // Integers are exact in any type; a range of fractions would depend on how it is added up.
  EDGEOPT_TRY(const Size start, op.SizeOr("start", 0));
  EDGEOPT_TRY(const Size end, op.SizeOr("end", 0));
  EDGEOPT_TRY(const Size step, op.SizeOr("step", 1));
  const ValueId range = op.Node("Range", {op.Value(start), op.Value(end), op.Value(step)});
  return op.OutCast(range, DataType::kInt64);
}

// From both ends to the middle, in the result's type, as PyTorch does.
Status LinSpace(OperatorLowering& op) {
  IgnoreType(op);
  EDGEOPT_TRY(const double start, op.Float("start", 0));
  EDGEOPT_TRY(const double end, op.Float("end", 0));
  EDGEOPT_TRY(const int64_t steps, op.Int("steps", 0));
  if (op.OutType() != DataType::kFloat32 || steps < 0 || steps > kMostElements)
    return op.Unsupported("of type " + std::string(ir::Name(op.OutType())) + ", or this long");
  const auto first = static_cast<float>(start), last = static_cast<float>(end);
  const float step = steps > 1 ? (last - first) / static_cast<float>(steps - 1) : 0;
  std::vector<double> numbers;
  for (int64_t i = 0; i < steps; ++i)
    numbers.push_back(i < steps / 2 ? first + step * static_cast<float>(i)
                                    : last - step * static_cast<float>(steps - i - 1));
  if (steps == 1) numbers.front() = first;
  return op.Out(ConstantOf(op, {steps}, numbers));
}

Status Eye(OperatorLowering& op) {
  IgnoreType(op);
  EDGEOPT_TRY(const int64_t rows, op.Int("n", 0));
  EDGEOPT_TRY(const int64_t columns, op.Int("m", rows));
  EDGEOPT_TRY(const int64_t count, ir::ElementCount({rows, columns}));
  if (count > kMostElements * 16) return op.Unsupported("this large");
  std::vector<double> numbers(static_cast<size_t>(count), 0);
  for (int64_t i = 0; i < rows && i < columns; ++i)
    numbers[static_cast<size_t>(i * columns + i)] = 1;
  return op.Out(ConstantOf(op, {rows, columns}, numbers));
}

// What is above the diagonal, or below it, becomes 0. Runtimes have Trilu for few types.
template <int kUpper>
Status Triangle(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t diagonal, op.Int("diagonal", 0));
  const bool integer = !ir::IsFloatingPoint(self.type);
  const DataType type = integer ? DataType::kInt64 : self.type;
  const ValueId triangle =
      op.Node("Trilu", {op.As(self, type), op.Scalar64(diagonal)}, {{"upper", int64_t{kUpper}}});
  return op.OutCast(triangle, type);
}

constexpr Rule kRules[] = {
    {"aten.arange.default", Arange},
    {"aten.arange.start", Arange},
    {"aten.arange.start_step", Arange},
    {"aten.eye.default", Eye},
    {"aten.eye.m", Eye},
    {"aten.fill.Scalar", Fill},
    {"aten.fill.Tensor", Fill},
    {"aten.full.default", Full},
    {"aten.full_like.default", FullLike},
    {"aten.linspace.default", LinSpace},
    {"aten.new_full.default", Full},
    {"aten.new_ones.default", Filled<1>},
    {"aten.new_zeros.default", Filled<0>},
    {"aten.ones.default", Filled<1>},
    {"aten.ones_like.default", FilledLike<1>},
    {"aten.scalar_tensor.default", ScalarTensor},
    {"aten.tril.default", Triangle<0>},
    {"aten.triu.default", Triangle<1>},
    {"aten.zero.default", FilledLike<0>},
    {"aten.zeros.default", Filled<0>},
    {"aten.zeros_like.default", FilledLike<0>},
};

}  // namespace

Family creation() { return {"creation", kRules}; }

}  // namespace edgeopt::formats::pt2
