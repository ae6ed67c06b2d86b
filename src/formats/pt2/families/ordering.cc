// Places of extremes, orders, and running sums. Among equals PyTorch takes the first place, as
// ArgMax and TopK do.
#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

struct Ordered {
  ValueId values, indices;
};

// The `count` greatest or least along the axis, in order.
Ordered Best(OperatorLowering& op, ValueId x, ValueId count, int64_t axis, bool largest) {
  const auto made =
      op.Nodes("TopK", 2, {x, count},
               {{"axis", axis}, {"largest", int64_t{largest}}, {"sorted", int64_t{1}}});
  return {made[0], made[1]};
}

// Runtimes have no ArgMax of int64; TopK they have.
ValueId PlaceOfExtreme(OperatorLowering& op, ValueId x, DataType type, int64_t axis, bool keep,
                       bool largest) {
  if (type != DataType::kInt64)
    return op.Node(largest ? "ArgMax" : "ArgMin", {x},
                   {{"axis", axis}, {"keepdims", int64_t{keep}}});
  const ValueId place = Best(op, x, op.IntVector({1}, "k"), axis, largest).indices;
  return keep ? place : op.Squeeze(place, {axis});
}

// max.dim and min.dim: the values and their places.
template <bool kLargest>
Status ExtremeOfAxis(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (self.rank() == 0) return op.Unsupported("of a scalar");
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const bool keep, op.Bool("keepdim", false));
  const DataType type = ArithmeticType(self.type);
  const ValueId x = op.As(self, type);
  const ValueId values = op.Reduce(kLargest ? "ReduceMax" : "ReduceMin", x, {axis}, keep);
  EDGEOPT_CHECK_OK(op.OutCast(values, type, 0));
  if (op.OutUnused(1)) return OkStatus();
  return op.Out(PlaceOfExtreme(op, x, type, axis, keep, kLargest), 1);
}

// Without an axis, the place in the tensor laid out flat.
template <bool kLargest>
Status PlaceOf(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const bool keep, op.Bool("keepdim", false));
  const DataType type = ArithmeticType(self.type);
  ValueId x = op.As(self, type);
  const bool flat = !op.Has("dim") || self.rank() == 0;
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  if (flat) x = op.Reshape(x, std::vector<int64_t>{-1});
  const ValueId place = PlaceOfExtreme(op, x, type, axis, keep && !flat, kLargest);
  if (!flat || !keep) return op.Out(place);
  return op.Out(op.Reshape(place, std::vector<int64_t>(static_cast<size_t>(self.rank()), 1)));
}

Status TopK(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (self.rank() == 0) return op.Unsupported("of a scalar");
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", -1, self.rank()));
  EDGEOPT_TRY(const bool largest, op.Bool("largest", true));
  EDGEOPT_TRY(const Size count, op.SizeOr("k", 1));
  op.Ignore("sorted");  // else the order is PyTorch's choice
  const DataType type = ArithmeticType(self.type);
  const Ordered best = Best(op, op.As(self, type), op.Vector({count}, "k"), axis, largest);
  EDGEOPT_CHECK_OK(op.OutCast(best.values, type, 0));
  return op.Out(best.indices, 1);
}

Result<Ordered> Sorted(OperatorLowering& op, DataType type) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (self.rank() == 0) return op.Unsupported("of a scalar");
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", -1, self.rank()));
  EDGEOPT_TRY(const bool descending, op.Bool("descending", false));
  op.Ignore("stable");  // TopK keeps the order of equals
  const ValueId count = op.Vector({op.SizeOfAxis(self, axis)}, "k");
  return Best(op, op.As(self, type), count, axis, descending);
}

Status Sort(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Ordered sorted, Sorted(op, type));
  EDGEOPT_CHECK_OK(op.OutCast(sorted.values, type, 0));
  return op.Out(sorted.indices, 1);
}

Status ArgSort(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Ordered sorted, Sorted(op, ArithmeticType(self.type)));
  return op.Out(sorted.indices);
}

Status CumulativeSum(OperatorLowering& op) {
  const DataType type = ArithmeticType(op.OutType());
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  op.Ignore("dtype");
  const ValueId x = op.As(self, type);
  return op.OutCast(self.rank() == 0 ? x : op.Node("CumSum", {x, op.Scalar64(axis)}), type);
}

constexpr Rule kRules[] = {
    {"aten.argmax.default", PlaceOf<true>},
    {"aten.argmin.default", PlaceOf<false>},
    {"aten.argsort.default", ArgSort},
    {"aten.argsort.stable", ArgSort},
    {"aten.cumsum.default", CumulativeSum},
    {"aten.max.dim", ExtremeOfAxis<true>},
    {"aten.min.dim", ExtremeOfAxis<false>},
    {"aten.sort.default", Sort},
    {"aten.sort.stable", Sort},
    {"aten.topk.default", TopK},
};

}  // namespace

Family ordering() { return {"ordering", kRules}; }

}  // namespace edgeopt::formats::pt2
