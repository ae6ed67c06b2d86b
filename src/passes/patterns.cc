#include "passes/patterns.h"

#include <algorithm>
#include <cmath>

#include "passes/operands.h"

namespace edgeopt::passes {
namespace {

using ir::Node;
using ir::ValueId;

constexpr int kDeepestProduct = 8;

// A constant of one element that does not enlarge what it is combined with.
std::optional<double> ScalarFor(const Rewriter& rewriter, ValueId constant, ValueId other) {
  const auto tensor = rewriter.ConstantOf(constant);
  if (!tensor || tensor->size() != 1 || !BroadcastsInto(*tensor, rewriter.TypeOf(other)))
    return std::nullopt;
  return rewriter.ScalarOf(constant);
}

void MultiplyOut(const Rewriter& rewriter, ValueId id, bool is_root, int depth, Product& product) {
  const ir::Graph& graph = rewriter.graph();
  const Node* node = nullptr;
  if (depth < kDeepestProduct && (is_root || graph.HasSingleUse(id))) {
    node = graph.ProducerIf(id, "Mul");
    if (!node) node = graph.ProducerIf(id, "Div");
  }
  if (!node) return product.factors.push_back(id);
  if (const auto divisor = ScalarFor(rewriter, node->input(1), node->input(0))) {
    if (node->Is("Div") && *divisor == 0) return product.factors.push_back(id);
    product.constant *= node->Is("Mul") ? *divisor : 1 / *divisor;
    return MultiplyOut(rewriter, node->input(0), false, depth + 1, product);
  }
  if (node->Is("Div")) return product.factors.push_back(id);
  if (const auto factor = ScalarFor(rewriter, node->input(0), node->input(1))) {
    product.constant *= *factor;
    return MultiplyOut(rewriter, node->input(1), false, depth + 1, product);
  }
  // x * x has two uses of one value: a square, not two partial products.
  MultiplyOut(rewriter, node->input(0), false, depth + 1, product);
  MultiplyOut(rewriter, node->input(1), false, depth + 1, product);
}

}  // namespace

Product ProductOf(const Rewriter& rewriter, ValueId id) {
  Product product;
  MultiplyOut(rewriter, id, true, 0, product);
  return product;
}

std::optional<ShiftedTerm> ShiftedTermOf(const Rewriter& rewriter, ValueId id) {
  const ir::Graph& graph = rewriter.graph();
  if (const Node* sum = graph.ProducerIf(id, "Add")) {
    for (const size_t slot : {1u, 0u})
      if (const auto constant = ScalarFor(rewriter, sum->input(slot), sum->input(1 - slot)))
        return ShiftedTerm{sum->input(1 - slot), *constant};
  }
  if (const Node* difference = graph.ProducerIf(id, "Sub"))
    if (const auto constant = ScalarFor(rewriter, difference->input(1), difference->input(0)))
      return ShiftedTerm{difference->input(0), -*constant};
  return std::nullopt;
}

std::optional<ShiftedTerm> SoleShiftedTermOf(const Rewriter& rewriter, ValueId id) {
  return rewriter.graph().HasSingleUse(id) ? ShiftedTermOf(rewriter, id) : std::nullopt;
}

ValueId PowerBaseOf(const Rewriter& rewriter, ValueId id, int exponent) {
  if (const Node* power = rewriter.SoleProducerIf(id, "Pow"))
    return ScalarFor(rewriter, power->input(1), power->input(0)) == exponent ? power->input(0)
                                                                             : ir::kNoValue;
  if (!rewriter.SoleProducerIf(id, "Mul")) return ir::kNoValue;
  const Product product = ProductOf(rewriter, id);
  const auto& factors = product.factors;
  const bool is_power =
      product.constant == 1 && factors.size() == static_cast<size_t>(exponent) &&
      std::all_of(factors.begin(), factors.end(), [&](ValueId f) { return f == factors[0]; });
  return is_power ? factors[0] : ir::kNoValue;
}

std::optional<TrailingMean> TrailingMeanOf(const Rewriter& rewriter, ValueId id) {
  const Node* mean = rewriter.graph().ProducerIf(id, "ReduceMean");
  if (!mean || mean->IntOr("keepdims", 1) == 0) return std::nullopt;
  const Parameter axes = ParameterOf(rewriter, *mean, "axes", 1);
  if (!axes.given || !axes.known || axes.values.empty()) return std::nullopt;
  const auto count = static_cast<int64_t>(axes.values.size());
  if (axes.values == std::vector<int64_t>{-1}) return TrailingMean{mean->input(0), 1};
  const int64_t rank = rewriter.TypeOf(mean->input(0)).rank();
  const auto sorted = rank < 0 ? std::nullopt : NormalizedAxes(axes.values, rank);
  if (!sorted || sorted->front() != rank - count) return std::nullopt;
  return TrailingMean{mean->input(0), count};
}

std::optional<ir::Tensor> PerTrailingElement(const Rewriter& rewriter, ValueId operand,
                                             ValueId data, int64_t axes) {
  const auto constant = rewriter.ConstantOf(operand);
  const ir::Type& type = rewriter.TypeOf(data);
  if (!constant || type.rank() < axes || constant->rank() > type.rank()) return std::nullopt;
  ir::Dims trailing;
  for (size_t i = static_cast<size_t>(type.rank() - axes); i < type.shape->size(); ++i) {
    if (!(*type.shape)[i].value) return std::nullopt;
    trailing.push_back(*(*type.shape)[i].value);
  }
  // Leading axes of size 1 may stand before them.
  ir::Dims own = constant->dims();
  while (own.size() > trailing.size() && own.front() == 1) own.erase(own.begin());
  if (own != trailing) return std::nullopt;
  auto reshaped = constant->Reshaped(trailing);
  return reshaped.ok() ? std::optional(std::move(*reshaped)) : std::nullopt;
}

bool IsAbout(double value, double expected, ir::DataType type) {
  // Some units in the last place of the type: exporters fold constants of constants. Those of
  // float64 graphs were often written in single precision.
  const double relative = type == ir::DataType::kFloat16 ? 2 * 0x1p-10 : 4 * 0x1p-23;
  return std::abs(value - expected) <= relative * std::abs(expected);
}

bool IsReal(const Rewriter& rewriter, ValueId id) {
  const ir::DataType type = rewriter.ElementOf(id);
  return type == ir::DataType::kFloat16 || type == ir::DataType::kFloat32 ||
         type == ir::DataType::kFloat64;
}

}  // namespace edgeopt::passes
