// Elements by tensors of places.
#include <algorithm>
#include <numeric>

#include "formats/pt2/promotion.h"

namespace edgeopt::formats::pt2 {
namespace {

Status Embedding(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand weight, op.In("weight"));
  EDGEOPT_TRY(const Operand indices, op.In("indices"));
  // Of gradients alone.
  for (const char* name : {"padding_idx", "scale_grad_by_freq", "sparse"}) op.Ignore(name);
  return op.Out(op.Node("Gather", {weight.value, indices.value}, {{"axis", int64_t{0}}}));
}

Status IndexSelect(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Operand index, op.In("index"));
  if (self.rank() == 0 || index.rank() != 1) return op.Unsupported("of scalars");
  return op.Out(op.Node("Gather", {self.value, index.value}, {{"axis", axis}}));
}

Status Gather(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Operand index, op.In("index"));
  op.Ignore("sparse_grad");
  if (self.rank() == 0 || index.rank() != self.rank()) return op.Unsupported("of scalars");
  return op.Out(op.Node("GatherElements", {self.value, index.value}, {{"axis", axis}}));
}

Status TakeAlongAxis(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand indices, op.In("indices"));
  if (!op.Has("dim") || self.rank() == 0) return op.Unsupported("without an axis");
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  bool same = indices.rank() == self.rank();
  for (size_t i = 0; same && i < self.shape.size(); ++i)
    same = static_cast<int64_t>(i) == axis ||
           (self.shape[i].value && self.shape[i] == indices.shape[i]);
  if (!same) return op.Unsupported("of indices that broadcast, or of sizes known in a run only");
  return op.Out(op.Node("GatherElements", {self.value, indices.value}, {{"axis", axis}}));
}

Status OneHot(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t classes, op.Int("num_classes", -1));
  if (classes < 1) return op.Unsupported("without num_classes");
  const ValueId values = op.IntVector({0, 1}, "values");
  return op.Out(op.Node("OneHot", {self.value, op.Scalar64(classes), values}));
}

// --- x[i, j] ---

// The tensors that index, and the axes of x that they stand for.
struct Indices {
  std::vector<Operand> tensors;
  std::vector<int64_t> axes;
};

Result<Indices> IndicesOf(OperatorLowering& op, const Operand& self) {
  EDGEOPT_TRY(const auto given, op.InListIfAny("indices"));
  if (static_cast<int64_t>(given.size()) > self.rank())
    return BadInput("it has more indices than 'self' has axes");
  Indices indices;
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i]) continue;
    indices.tensors.push_back(*given[i]);
    indices.axes.push_back(static_cast<int64_t>(i));
  }
  if (indices.tensors.empty()) return BadInput("it has no indices");
  return indices;
}

bool AreNeighbours(const std::vector<int64_t>& axes) {
  return axes.back() - axes.front() + 1 == static_cast<int64_t>(axes.size());
}

bool HasMask(const Indices& indices) {
  return std::ranges::any_of(indices.tensors, [](const Operand& index) {
    return index.type == DataType::kBool || index.type == DataType::kUint8;
  });
}

// The indices broadcast and joined along a new last axis: [..., their number], and the rank of what
// is in front of it.
struct Places {
  ValueId value;
  int64_t rank = 0;
};
Places JoinedPlaces(OperatorLowering& op, const Indices& indices) {
  Places places;
  bool same = true;
  ValueId sum;
  for (const Operand& index : indices.tensors) {
    places.rank = std::max(places.rank, index.rank());
    same &= index.dims() && index.shape == indices.tensors.front().shape;
    const ValueId value = op.As(index, DataType::kInt64);
    sum = sum.valid() ? op.Node("Add", {sum, value}) : value;
  }
  std::vector<ValueId> columns;
  const ValueId shape = same ? ir::kNoValue : op.Node("Shape", {sum});
  for (const Operand& index : indices.tensors) {
    ValueId column = op.As(index, DataType::kInt64);
    if (!same) column = op.Node("Expand", {column, shape});
    columns.push_back(op.Unsqueeze(column, {places.rank}));
  }
  places.value =
      columns.size() == 1 ? columns.front() : op.Node("Concat", columns, {{"axis", places.rank}});
  return places;
}

// x[mask], with the mask over the first axes.
Status SelectByMask(OperatorLowering& op, const Operand& self, const Indices& indices) {
  const Operand& mask = indices.tensors.front();
  if (indices.tensors.size() != 1 || indices.axes.front() != 0 || mask.rank() == 0 ||
      mask.rank() > self.rank() || mask.type != DataType::kBool)
    return op.Unsupported("by a mask beside other indices");
  const ValueId places = op.Transpose(op.Node("NonZero", {mask.value}), {1, 0});
  return op.Out(op.Node("GatherND", {self.value, places}));
}

// The result has the indices' axes where the indexed axes were if these are neighbours, else in
// front (NumPy's rule).
Status Index(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Indices indices, IndicesOf(op, self));
  if (HasMask(indices)) return SelectByMask(op, self, indices);
  const auto& axes = indices.axes;
  if (axes.size() == 1)
    return op.Out(
        op.Node("Gather", {self.value, indices.tensors.front().value}, {{"axis", axes.front()}}));
  std::vector<int64_t> order = axes, rest;
  for (int64_t axis = 0; axis < self.rank(); ++axis)
    if (std::ranges::count(axes, axis) == 0) rest.push_back(axis);
  order.insert(order.end(), rest.begin(), rest.end());
  const bool moved = axes.front() != 0 || !AreNeighbours(axes);
  const ValueId x = moved ? op.Permuted(self.value, order) : self.value;
  const Places places = JoinedPlaces(op, indices);
  const ValueId found = op.Node("GatherND", {x, places.value});
  if (!AreNeighbours(axes) || axes.front() == 0) return op.Out(found);
  // [indices..., rest...]: as many of the rest as stood in front go there again.
  std::vector<int64_t> back;
  for (int64_t i = 0; i < axes.front(); ++i) back.push_back(places.rank + i);
  for (int64_t i = 0; i < places.rank; ++i) back.push_back(i);
  for (int64_t i = axes.front(); i < static_cast<int64_t>(rest.size()); ++i)
    back.push_back(places.rank + i);
  return op.Out(op.Transpose(found, back));
}

Status NonZero(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  const ValueId places = op.Node("NonZero", {op.As(self, DataType::kBool)});
  return op.Out(op.Transpose(places, {1, 0}));
}

Status MaskedSelect(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand mask, op.In("mask"));
  if (!self.dims() || self.shape != mask.shape || self.rank() == 0)
    return op.Unsupported("by a mask of another shape, or of sizes known in a run only");
  const std::vector<int64_t> flat = {-1};
  return op.Out(op.Node("Compress", {op.Reshape(self.value, flat), op.Reshape(mask.value, flat)},
                        {{"axis", int64_t{0}}}));
}

// --- writing ---

// self with the mask's places set to one value.
Status PutByMask(OperatorLowering& op, const Operand& self, const Indices& indices,
                 const Operand& values, bool accumulate) {
  const Operand& mask = indices.tensors.front();
  if (indices.tensors.size() != 1 || indices.axes.front() != 0 || mask.type != DataType::kBool ||
      values.rank() != 0 || accumulate)
    return op.Unsupported("by a mask, other than of one value");
  ValueId condition = mask.value;
  std::vector<int64_t> added;
  for (int64_t axis = mask.rank(); axis < self.rank(); ++axis) added.push_back(axis);
  if (!added.empty()) condition = op.Unsqueeze(condition, added);
  const DataType type = ArithmeticType(self.type);
  return op.OutCast(op.Node("Where", {condition, op.As(values, type), op.As(self, type)}), type);
}

// x[i, j] = values or += values, of indices over the first axes.
Status IndexPut(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Indices indices, IndicesOf(op, self));
  EDGEOPT_TRY(const Operand values, op.In("values"));
  EDGEOPT_TRY(const bool accumulate, op.Bool("accumulate", false));
  if (HasMask(indices)) return PutByMask(op, self, indices, values, accumulate);
  if (indices.axes.front() != 0 || !AreNeighbours(indices.axes))
    return op.Unsupported("at indices of other axes than the first");
  const Places places = JoinedPlaces(op, indices);
  // The places' shape and the rest of self's.
  const size_t count = indices.axes.size();
  const ValueId outer = op.Node("Shape", {places.value}, {{"end", places.rank}});
  const ValueId inner = op.Node("Shape", {self.value}, {{"start", static_cast<int64_t>(count)}});
  const ValueId shape = op.Node("Concat", {outer, inner}, {{"axis", int64_t{0}}});
  const ValueId updates = op.Node("Expand", {op.As(values, self.type), shape});
  std::vector<ir::Attribute> attributes;
  if (accumulate) attributes.push_back({"reduction", std::string("add")});
  return op.Out(op.Node("ScatterND", {self.value, places.value, updates}, attributes));
}

// As many of src's places along each axis as index has.
Result<ValueId> AsLargeAs(OperatorLowering& op, const Operand& src, const Operand& index) {
  const auto wanted = index.dims(), given = src.dims();
  if (wanted && given && *wanted == *given) return src.value;
  if (!wanted || wanted->size() != src.shape.size())
    return op.Unsupported("of indices whose shape is known in a run only");
  std::vector<int64_t> axes(wanted->size());
  std::iota(axes.begin(), axes.end(), 0);
  return op.Node("Slice",
                 {src.value, op.IntVector(std::vector<int64_t>(wanted->size(), 0), "starts"),
                  op.IntVector(*wanted, "ends"), op.IntVector(axes, "axes")});
}

// Rows name what ONNX does where an element is there already.
Status Scatter(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Operand index, op.In("index"));
  if (self.rank() == 0 || index.rank() != self.rank()) return op.Unsupported("of scalars");
  ValueId updates;
  if (op.Has("src") && !op.IsNumber("src")) {
    EDGEOPT_TRY(const Operand src, op.In("src"));
    EDGEOPT_TRY(updates, AsLargeAs(op, src, index));
  } else {
    EDGEOPT_TRY(const ValueId value, op.InAs("value", self.type));
    updates = op.Node("Expand", {value, op.Node("Shape", {index.value})});
  }
  std::vector<ir::Attribute> attributes = {{"axis", axis}};
  if (!op.onnx().empty()) attributes.push_back({"reduction", op.onnx()});
  return op.Out(
      op.Node("ScatterElements", {self.value, index.value, updates}, std::move(attributes)));
}

// self[.., index[i], ..] += alpha * source[.., i, ..].
Status IndexAdd(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Operand index, op.In("index"));
  EDGEOPT_TRY(const Operand source, op.In("source"));
  EDGEOPT_TRY(const double alpha, op.Float("alpha", 1));
  if (self.rank() == 0 || index.rank() != 1 || source.rank() != self.rank())
    return op.Unsupported("of scalars");
  ValueId updates = source.value;
  if (alpha != 1) updates = op.Node("Mul", {updates, op.Scalar(alpha, source.type)});
  std::vector<int64_t> added;
  for (int64_t i = 0; i < self.rank(); ++i)
    if (i != axis) added.push_back(i);
  ValueId places = index.value;
  if (!added.empty()) places = op.Unsqueeze(places, added);
  places = op.Node("Expand", {places, op.Node("Shape", {source.value})});
  return op.Out(op.Node("ScatterElements", {self.value, places, updates},
                        {{"axis", axis}, {"reduction", std::string("add")}}));
}

constexpr Rule kRules[] = {
    {"aten.embedding.default", Embedding},
    {"aten.gather.default", Gather},
    {"aten.index.Tensor", Index},
    {"aten.index_add.default", IndexAdd},
    {"aten.index_put.default", IndexPut},
    {"aten.index_select.default", IndexSelect},
    {"aten.masked_select.default", MaskedSelect},
    {"aten.nonzero.default", NonZero},
    {"aten.one_hot.default", OneHot},
    {"aten.scatter.src", Scatter},
    {"aten.scatter.value", Scatter},
    {"aten.scatter_add.default", Scatter, "add"},
    {"aten.take_along_dim.default", TakeAlongAxis},
};

}  // namespace

Family indexing() { return {"indexing", kRules}; }

}  // namespace edgeopt::formats::pt2
