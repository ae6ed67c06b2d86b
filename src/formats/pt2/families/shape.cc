// The same elements under other sizes, and copies of them along axes.
#include <algorithm>
#include <functional>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

bool IsSame(const ir::Dim& a, const ir::Dim& b) {
  return a.value ? a.value == b.value : !b.value && !a.symbol.empty() && a.symbol == b.symbol;
}

// x under the result's sizes. Those that a run decides are asked for only where neither "as that
// axis of x" (0) nor "what is left over" (-1) says them.
Status OutReshaped(OperatorLowering& op, const Operand& x,
                   const std::function<Result<Sizes>()>& sizes) {
  const ir::Shape shape = op.OutShape();
  std::vector<int64_t> told;
  bool empty = false;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool copied = i < x.shape.size() && IsSame(shape[i], x.shape[i]);
    told.push_back(shape[i].value.value_or(copied ? 0 : -1));
    empty |= shape[i].value == 0;
  }
  if (ir::ToDims(shape) || (!empty && std::ranges::count(told, -1) <= 1)) {
    if (empty) return op.Out(op.Reshape(x.value, told));
    return op.Out(op.Node("Reshape", {x.value, op.IntVector(told, "shape")}));
  }
  EDGEOPT_TRY(Sizes computed, sizes());
  if (computed.size() != shape.size()) return BadInput("its sizes don't fit its result");
  for (size_t i = 0; i < shape.size(); ++i)
    if (shape[i].value) computed[i] = *shape[i].value;
  return op.Out(op.Reshape(x.value, computed));
}

template <const char* kSizes>
Status View(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  op.Ignore(kSizes);
  return OutReshaped(op, self, [&] { return op.SizesOf(kSizes); });
}
constexpr char kSize[] = "size", kShape[] = "shape";

Status ViewAs(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand other, op.In("other"));
  return OutReshaped(op, self, [&]() -> Result<Sizes> { return op.SizesOfShape(other); });
}

// The axes from start to end become one.
Status Flatten(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t start, op.AxisOf("start_dim", 0, self.rank()));
  EDGEOPT_TRY(const int64_t end, op.AxisOf("end_dim", -1, self.rank()));
  return OutReshaped(op, self, [&]() -> Result<Sizes> {
    Sizes sizes;
    for (int64_t axis = 0; axis < self.rank(); ++axis) {
      if (axis == start) sizes.push_back(int64_t{-1});
      if (axis < start || axis > end) sizes.push_back(op.SizeOfAxis(self, axis));
    }
    return sizes;
  });
}

// One axis becomes several.
Status Unflatten(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t dim, op.AxisOf("dim", 0, self.rank()));
  EDGEOPT_TRY(const Sizes parts, op.SizesOf("sizes"));
  return OutReshaped(op, self, [&]() -> Result<Sizes> {
    Sizes sizes;
    for (int64_t axis = 0; axis < self.rank(); ++axis) {
      if (axis == dim) sizes.insert(sizes.end(), parts.begin(), parts.end());
      if (axis != dim) sizes.push_back(op.SizeOfAxis(self, axis));
    }
    return sizes;
  });
}

// Of the axes named, those of size 1 go.
Status Squeeze(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto axes, op.AxesOf("dim", self.rank()));
  std::vector<int64_t> gone;
  for (const int64_t axis : axes)
    if (axis < self.rank() && self.shape[static_cast<size_t>(axis)].value == 1)
      gone.push_back(axis);
  return op.Out(gone.empty() ? self.value : op.Squeeze(self.value, gone));
}

Status Unsqueeze(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank() + 1));
  return op.Out(op.Unsqueeze(self.value, {axis}));
}

// --- copies along axes ---

// Sizes that self has already, and -1, are 1 for ONNX's Expand, which broadcasts both ways.
Status OutExpanded(OperatorLowering& op, const Operand& self,
                   const std::function<Result<Size>(size_t)>& size_of) {
  const ir::Shape shape = op.OutShape();
  if (shape.size() < self.shape.size()) return BadInput("its result has fewer axes than 'self'");
  const size_t added = shape.size() - self.shape.size();
  Sizes sizes;
  bool grows = added > 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool kept = i >= added && IsSame(shape[i], self.shape[i - added]);
    grows |= !kept;
    Size size = int64_t{1};
    if (!kept && shape[i].value) size = *shape[i].value;
    if (!kept && !shape[i].value) {
      EDGEOPT_TRY(size, size_of(i));
    }
    sizes.push_back(size);
  }
  if (!grows) return op.OutSame(self);
  return op.Out(op.Node("Expand", {self.value, op.Vector(sizes, "shape")}));
}

Status Expand(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Sizes sizes, op.SizesOf("size"));
  op.Ignore("implicit");
  if (sizes.size() != op.OutShape().size()) return BadInput("its sizes don't fit its result");
  return OutExpanded(op, self, [&](size_t i) -> Result<Size> { return sizes[i]; });
}

Status ExpandAs(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Operand other, op.In("other"));
  return OutExpanded(op, self, [&](size_t i) -> Result<Size> {
    return op.SizeOfAxis(other, static_cast<int64_t>(i));
  });
}

// The operands in one shape.
Status BroadcastTensors(OperatorLowering& op) {
  EDGEOPT_TRY(const auto tensors, op.InList("tensors"));
  const ir::Shape shape = op.OutShape();
  const auto dims = ir::ToDims(shape);
  if (!dims) return op.Unsupported("of sizes that are known in a run only");
  for (size_t i = 0; i < tensors.size(); ++i) {
    const bool same = tensors[i].shape == shape;
    EDGEOPT_CHECK_OK(
        op.Out(same ? tensors[i].value
                    : op.Node("Expand", {tensors[i].value, op.IntVector(*dims, "shape")}),
               i));
  }
  return OkStatus();
}

// Counts for fewer axes than there are belong to the last ones; for more, axes come in front.
template <const char* kCounts>
Status Repeat(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(Sizes counts, op.SizesOf(kCounts));
  const size_t rank = self.shape.size();
  ValueId x = self.value;
  if (counts.size() < rank) counts.insert(counts.begin(), rank - counts.size(), int64_t{1});
  std::vector<int64_t> added;
  for (size_t i = 0; i + rank < counts.size(); ++i) added.push_back(static_cast<int64_t>(i));
  if (!added.empty()) x = op.Unsqueeze(x, added);
  const bool once =
      std::ranges::all_of(counts, [](const Size& n) { return n == Size(int64_t{1}); });
  return op.Out(once ? x : op.Node("Tile", {x, op.Vector(counts, "repeats")}));
}
constexpr char kRepeats[] = "repeats", kDims[] = "dims";

// Each element so many times, next to each other.
Status RepeatInterleave(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t repeats, op.Int("repeats", 1));
  op.Ignore("output_size");
  const bool flat = !op.Has("dim");
  EDGEOPT_TRY(int64_t axis, op.AxisOf("dim", 0, self.rank()));
  ValueId x = flat ? op.Reshape(self.value, std::vector<int64_t>{-1}) : self.value;
  const int64_t rank = flat ? 1 : self.rank();
  Sizes sizes;
  for (int64_t i = 0; i < rank; ++i)
    sizes.push_back(flat || i == axis ? Size(int64_t{-1}) : op.SizeOfAxis(self, i));
  std::vector<int64_t> counts(static_cast<size_t>(rank + 1), 1);
  counts[static_cast<size_t>(axis + 1)] = repeats;
  x = op.Node("Tile", {op.Unsqueeze(x, {axis + 1}), op.IntVector(counts, "repeats")});
  return op.Out(op.Reshape(x, sizes));
}

// ij: tensor i runs along axis i; xy: the first two axes change places.
Status MeshGrid(OperatorLowering& op) {
  EDGEOPT_TRY(const auto tensors, op.InList("tensors"));
  EDGEOPT_TRY(const std::string indexing, op.String("indexing", "ij"));
  if (indexing != "ij" && indexing != "xy") return op.Unsupported("indexing '" + indexing + "'");
  const size_t rank = tensors.size();
  const auto axis_of = [&](size_t i) { return indexing == "xy" && rank > 1 && i < 2 ? 1 - i : i; };
  Sizes sizes(rank, int64_t{1});
  for (size_t i = 0; i < rank; ++i) {
    if (tensors[i].rank() > 1) return BadInput("its argument 'tensors' has one of several axes");
    if (tensors[i].rank() == 1) sizes[axis_of(i)] = op.SizeOfAxis(tensors[i], 0);
  }
  const ValueId shape = op.Vector(sizes, "shape");
  for (size_t i = 0; i < rank; ++i) {
    std::vector<int64_t> line(rank, 1);
    line[axis_of(i)] = -1;
    EDGEOPT_CHECK_OK(op.Out(op.Node("Expand", {op.Reshape(tensors[i].value, line), shape}), i));
  }
  return OkStatus();
}

constexpr Rule kRules[] = {
    {"aten._unsafe_view.default", View<kSize>},
    {"aten.broadcast_tensors.default", BroadcastTensors},
    {"aten.broadcast_to.default", Expand},
    {"aten.expand.default", Expand},
    {"aten.expand_as.default", ExpandAs},
    {"aten.expand_copy.default", Expand},
    {"aten.flatten.using_ints", Flatten},
    {"aten.meshgrid.default", MeshGrid},
    {"aten.meshgrid.indexing", MeshGrid},
    {"aten.repeat.default", Repeat<kRepeats>},
    {"aten.repeat_interleave.self_int", RepeatInterleave},
    {"aten.reshape.default", View<kShape>},
    {"aten.reshape_as.default", ViewAs},
    {"aten.squeeze.default", Squeeze},
    {"aten.squeeze.dim", Squeeze},
    {"aten.squeeze.dims", Squeeze},
    {"aten.squeeze_copy.dims", Squeeze},
    {"aten.tile.default", Repeat<kDims>},
    {"aten.unflatten.int", Unflatten},
    {"aten.unsqueeze.default", Unsqueeze},
    {"aten.unsqueeze_copy.default", Unsqueeze},
    {"aten.view.default", View<kSize>},
    {"aten.view_as.default", ViewAs},
    {"aten.view_copy.default", View<kSize>},
};

}  // namespace

Family shape() { return {"shape", kRules}; }

}  // namespace edgeopt::formats::pt2
