// Scaled dot-product attention, written out, and sums of products by their indices.
#include <cmath>
#include <limits>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr int64_t kMostMaskElements = 1 << 20;

// Key or value [N, G, L, E] with each of the G heads as often as queries share it.
Result<ValueId> Grouped(OperatorLowering& op, const Operand& x, const Operand& query) {
  if (x.rank() < 3 || query.rank() != x.rank()) return op.Unsupported("enable_gqa without heads");
  const size_t axis = x.shape.size() - 3;
  const auto heads = query.shape[axis].value, groups = x.shape[axis].value;
  if (!heads || !groups || *groups < 1 || *heads % *groups != 0)
    return op.Unsupported("enable_gqa with heads that don't divide");
  if (*heads == *groups) return x.value;
  std::vector<int64_t> repeats(x.shape.size() + 1, 1);
  repeats[axis + 1] = *heads / *groups;
  const ValueId wide = op.Node("Tile", {op.Unsqueeze(x.value, {static_cast<int64_t>(axis + 1)}),
                                        op.IntVector(repeats, "repeats")});
  Sizes sizes;
  for (int64_t i = 0; i < x.rank(); ++i)
    sizes.push_back(i == static_cast<int64_t>(axis) ? Size(*heads) : op.SizeOfAxis(x, i));
  return op.Reshape(wide, sizes);
}

ValueId LastTwoSwapped(OperatorLowering& op, ValueId x, int64_t rank) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < rank; ++i) order.push_back(i);
  std::swap(order[order.size() - 2], order[order.size() - 1]);
  return op.Transpose(x, order);
}

// [L, S] of bool: query i sees the keys up to i.
ValueId CausalMask(OperatorLowering& op, const Size& queries, const Size& keys) {
  const auto known = KnownInts({queries, keys});
  if (known && ir::ElementCount(*known).ok() &&
      ir::ElementCount(*known).value() <= kMostMaskElements) {
    std::vector<uint8_t> seen;
    for (int64_t i = 0; i < known->front(); ++i)
      for (int64_t j = 0; j < known->back(); ++j) seen.push_back(j <= i ? 1 : 0);
    const auto mask = ir::Tensor::Make(DataType::kBool, *known, Buffer::FromVector(seen));
    if (mask.ok()) return op.Constant(*mask, "causal_mask");
  }
  const auto range = [&](const Size& size) {
    return op.Node("Range", {op.Scalar64(0), op.Value(size), op.Scalar64(1)});
  };
  return op.Node("GreaterOrEqual", {op.Unsqueeze(range(queries), {1}), range(keys)});
}

// For each row of the mask: it lets some key be seen. No value: all of a constant do.
ValueId SeesSomething(OperatorLowering& op, const Operand& mask) {
  const bool truth = mask.type == DataType::kBool;
  const auto constant = op.ConstantOf(mask.value);
  const auto numbers = constant ? constant->ToDoubles() : Result<std::vector<double>>(Error{});
  if (numbers.ok() && !constant->dims().empty() && constant->dims().back() > 0) {
    const auto length = static_cast<size_t>(constant->dims().back());
    bool all = true;
    for (size_t row = 0; row < numbers->size(); row += length) {
      bool some = false;
      for (size_t i = row; i < row + length; ++i)
        some |= truth ? (*numbers)[i] != 0 : (*numbers)[i] != kMinusInfinity;
      all &= some;
    }
    if (all) return ir::kNoValue;
  }
  const ValueId weights = truth ? op.Cast(mask.value, DataType::kInt32) : mask.value;
  const ValueId best = op.Reduce("ReduceMax", weights, {mask.rank() - 1}, true);
  if (truth) return op.Cast(best, DataType::kBool);
  return op.Node("Greater", {best, op.Scalar(kMinusInfinity, mask.type)});
}

struct Masked {
  ValueId scores;
  ValueId rows;  // those that see some key; no value: all
};

Result<Masked> WithMask(OperatorLowering& op, ValueId scores, const Operand& query,
                        const Operand& key) {
  EDGEOPT_TRY(const auto mask, op.InIfAny("attn_mask"));
  EDGEOPT_TRY(const bool causal, op.Bool("is_causal", false));
  const auto hide = [&](ValueId seen) {
    return op.Node("Where", {seen, scores, op.Scalar(kMinusInfinity, query.type)});
  };
  if (causal) {
    if (mask) return op.Unsupported("a mask beside is_causal");
    const Size queries = op.SizeOfAxis(query, query.rank() - 2);
    return Masked{hide(CausalMask(op, queries, op.SizeOfAxis(key, key.rank() - 2))), {}};
  }
  if (!mask) return Masked{scores, {}};
  if (mask->rank() < 1) return op.Unsupported("a mask that is a scalar");
  const bool truth = mask->type == DataType::kBool;
  return Masked{truth ? hide(mask->value) : op.Node("Add", {scores, op.As(*mask, query.type)}),
                SeesSomething(op, *mask)};
}

// softmax(query key' * scale + mask) value. A query that sees no key gets zeros.
Status Attention(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand query, op.In("query"));
  EDGEOPT_TRY(const Operand key, op.In("key"));
  EDGEOPT_TRY(const Operand value, op.In("value"));
  EDGEOPT_TRY(const double dropout, op.Float("dropout_p", 0));
  EDGEOPT_TRY(const bool grouped, op.Bool("enable_gqa", false));
  if (dropout > 0)
    return edgeopt::Unsupported("dropout of a model in training mode",
                                "call model.eval() before torch.export.export");
  if (query.rank() < 2 || key.rank() < 2 || !query.shape.back().value)
    return op.Unsupported("of a width that is known in a run only");
  EDGEOPT_TRY(const double scale,
              op.Float("scale", 1 / std::sqrt(static_cast<double>(*query.shape.back().value))));
  ValueId keys = key.value, values = value.value;
  if (grouped) {
    EDGEOPT_TRY(keys, Grouped(op, key, query));
    EDGEOPT_TRY(values, Grouped(op, value, query));
  }
  const ValueId scaled = op.Node("Mul", {query.value, op.Scalar(scale, query.type)});
  const ValueId scores = op.Node("MatMul", {scaled, LastTwoSwapped(op, keys, key.rank())});
  EDGEOPT_TRY(const Masked masked, WithMask(op, scores, query, key));
  const ValueId weights = op.Node("Softmax", {masked.scores}, {{"axis", int64_t{-1}}});
  ValueId result = op.Node("MatMul", {weights, values});
  if (masked.rows.valid())
    result = op.Node("Where", {masked.rows, result, op.Scalar(0, query.type)});
  return op.Out(result);
}

// Softmax whose rows of minus infinity alone become zeros.
Status SafeSoftmax(OperatorLowering& op) {
  const DataType type = op.OutType();
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", -1, self.rank()));
  op.Ignore("dtype");
  if (self.rank() == 0) return op.Unsupported("of a scalar");
  const ValueId x = op.As(self, type);
  const ValueId best = op.Reduce("ReduceMax", x, {axis}, true);
  const ValueId some = op.Node("Greater", {best, op.Scalar(kMinusInfinity, type)});
  const ValueId softmax = op.Node("Softmax", {x}, {{"axis", axis}});
  return op.Out(op.Node("Where", {some, softmax, op.Scalar(0, type)}));
}

// The equation is written alike in ONNX.
Status Einsum(OperatorLowering& op) {
  EDGEOPT_TRY(const std::string equation, op.String("equation", ""));
  EDGEOPT_TRY(const auto tensors, op.InList("tensors"));
  op.Ignore("path");  // an order of products; all give the same
  std::vector<ValueId> inputs;
  for (const Operand& tensor : tensors) inputs.push_back(op.As(tensor, op.OutType()));
  return op.Out(op.Node("Einsum", inputs, {{"equation", equation}}));
}

constexpr Rule kRules[] = {
    {"aten._safe_softmax.default", SafeSoftmax},
    {"aten.einsum.default", Einsum},
    {"aten.scaled_dot_product_attention.default", Attention},
};

}  // namespace

Family attention() { return {"attention", kRules}; }

}  // namespace edgeopt::formats::pt2
