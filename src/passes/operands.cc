#include "passes/operands.h"

#include <algorithm>
#include <limits>

#include "base/half.h"

namespace edgeopt::passes {

using ir::DataType;

Parameter ParameterOf(const Rewriter& rewriter, const ir::Node& node, std::string_view attribute,
                      size_t slot) {
  if (const ir::Attribute* found = node.FindAttribute(attribute)) {
    const auto* values = found->get<std::vector<int64_t>>();
    return {true, values != nullptr, values ? *values : std::vector<int64_t>()};
  }
  if (!node.input(slot).valid()) return {};
  auto values = rewriter.IntsOf(node.input(slot));
  return {true, values.has_value(), values ? std::move(*values) : std::vector<int64_t>()};
}

std::optional<int64_t> NormalizedAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

std::optional<std::vector<int64_t>> NormalizedAxes(std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) {
    const auto normalized = NormalizedAxis(axis, rank);
    if (!normalized) return std::nullopt;
    axis = *normalized;
  }
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) return std::nullopt;
  return axes;
}

bool SameDim(const ir::Dim& a, const ir::Dim& b) {
  if (a.value || b.value) return a.value == b.value;
  return !a.symbol.empty() && a.symbol == b.symbol;
}

bool SameShape(const ir::Type& a, const ir::Type& b) {
  return a.is_tensor() && b.is_tensor() && a.shape && b.shape &&
         std::equal(a.shape->begin(), a.shape->end(), b.shape->begin(), b.shape->end(), SameDim);
}

bool IsDeterministic(const ir::Node& node) {
  // docs/Operators.md of onnx. Dropout is random in its training mode.
  for (const char* random : {"Bernoulli", "Dropout", "Multinomial", "RandomNormal",
                             "RandomNormalLike", "RandomUniform", "RandomUniformLike"})
    if (node.op_type == random) return false;
  return node.domain.empty();
}

double LargestOf(DataType type) {
  if (type == DataType::kFloat64) return std::numeric_limits<double>::max();
  if (type == DataType::kFloat16) return 65504.0;
  if (type == DataType::kBfloat16) return Bfloat16ToFloat(0x7F7F);
  return std::numeric_limits<float>::max();
}

double SmallestNormalOf(DataType type) {
  if (type == DataType::kFloat64) return std::numeric_limits<double>::min();
  if (type == DataType::kFloat16) return 0x1p-14;
  return std::numeric_limits<float>::min();  // bfloat16 has the same exponents
}

Result<ir::Tensor> RealTensor(DataType type, ir::Dims dims, const std::vector<double>& values) {
  const auto make = [&](const auto& converted) {
    return ir::Tensor::Make(type, std::move(dims), Buffer::FromVector(converted));
  };
  const auto halves = [&](auto convert) {
    std::vector<uint16_t> bits;
    bits.reserve(values.size());
    for (const double value : values) bits.push_back(convert(static_cast<float>(value)));
    return bits;
  };
  switch (type) {
    case DataType::kFloat64:
      return make(values);
    case DataType::kFloat32:
      return make(std::vector<float>(values.begin(), values.end()));
    case DataType::kFloat16:
      return make(halves(FloatToHalf));
    case DataType::kBfloat16:
      return make(halves(FloatToBfloat16));
    default:
      return Unsupported("no constant of type " + std::string(ir::Name(type)) +
                         " is made from real numbers");
  }
}

ir::Tensor IntsTensor(const std::vector<int64_t>& values) {
  return ir::Tensor::Of({static_cast<int64_t>(values.size())}, values);
}

bool IsFilledWith(const ir::Tensor& tensor, double value) {
  const auto values = tensor.ToDoubles();
  return values.ok() && !values->empty() &&
         std::all_of(values->begin(), values->end(), [&](double v) { return v == value; });
}

bool BroadcastsInto(const ir::Tensor& constant, const ir::Type& type) {
  const ir::Dims& dims = constant.dims();
  if (!type.shape) return dims.empty();
  if (dims.size() > type.shape->size()) return false;
  const size_t lead = type.shape->size() - dims.size();
  for (size_t i = 0; i < dims.size(); ++i) {
    const ir::Dim& dim = (*type.shape)[lead + i];
    if (dims[i] != 1 && dim.value != dims[i]) return false;
  }
  return true;
}

}  // namespace edgeopt::passes
