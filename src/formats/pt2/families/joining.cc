// Several tensors into one, and one into several.
#include <algorithm>
#include <limits>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

// All in the type of the result.
Status Cat(OperatorLowering& op) {
  EDGEOPT_TRY(const auto tensors, op.InList("tensors"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, op.OutRank()));
  std::vector<ValueId> parts;
  for (const Operand& tensor : tensors) {
    // An empty vector counts for nothing, whatever the rank of the others.
    if (tensor.dims() == ir::Dims{0} && op.OutRank() > 1) continue;
    parts.push_back(op.As(tensor, op.OutType()));
  }
  if (parts.empty()) return BadInput("its argument 'tensors' is empty");
  return op.Out(parts.size() == 1 ? parts.front() : op.Node("Concat", parts, {{"axis", axis}}));
}

Status Stack(OperatorLowering& op) {
  EDGEOPT_TRY(const auto tensors, op.InList("tensors"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, op.OutRank()));
  if (tensors.empty()) return BadInput("its argument 'tensors' is empty");
  std::vector<ValueId> parts;
  for (const Operand& tensor : tensors)
    parts.push_back(op.Unsqueeze(op.As(tensor, op.OutType()), {axis}));
  return op.Out(parts.size() == 1 ? parts.front() : op.Node("Concat", parts, {{"axis", axis}}));
}

// --- into several ---

size_t UsedOutputs(OperatorLowering& op) {
  size_t used = 0;
  for (size_t i = 0; i < op.output_count(); ++i) used += op.OutUnused(i) ? 0 : 1;
  return used;
}

ValueId SliceOf(OperatorLowering& op, ValueId x, int64_t axis, int64_t start, int64_t end) {
  return op.Node("Slice", {x, op.IntVector({start}, "starts"), op.IntVector({end}, "ends"),
                           op.IntVector({axis}, "axes")});
}

// Parts of those sizes along the axis; the last may be -1: all the rest.
Status OutParts(OperatorLowering& op, ValueId x, int64_t axis, const std::vector<int64_t>& sizes) {
  if (sizes.size() != op.output_count())
    return BadInput("it has " + std::to_string(op.output_count()) + " results for " +
                    std::to_string(sizes.size()) + " parts");
  if (sizes.size() == 1) return op.Out(x);
  const bool known = std::ranges::count(sizes, -1) == 0;
  if (known && UsedOutputs(op) > 1) {
    const auto parts =
        op.Nodes("Split", sizes.size(), {x, op.IntVector(sizes, "split")}, {{"axis", axis}});
    for (size_t i = 0; i < parts.size(); ++i) EDGEOPT_CHECK_OK(op.Out(parts[i], i));
    return OkStatus();
  }
  int64_t start = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t end = sizes[i] < 0 ? kEnd : start + sizes[i];
    if (!op.OutUnused(i)) EDGEOPT_CHECK_OK(op.Out(SliceOf(op, x, axis, start, end), i));
    start = end;
  }
  return OkStatus();
}

// The sizes of the parts as the program says them; only the last may be known in a run only.
Result<std::vector<int64_t>> RecordedSizes(OperatorLowering& op, int64_t axis) {
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < op.output_count(); ++i) {
    const ir::Shape shape = op.OutShape(i);
    if (static_cast<size_t>(axis) >= shape.size()) return BadInput("its results lack its axis");
    const auto size = shape[static_cast<size_t>(axis)].value;
    if (!size && i + 1 < op.output_count())
      return op.Unsupported("into parts whose sizes are known in a run only");
    sizes.push_back(size.value_or(-1));
  }
  return sizes;
}

// The arguments say how; the sizes that come of it stand in the program.
Status Split(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  for (const char* how : {"split_size", "split_sizes", "chunks", "sections", "indices"})
    op.Ignore(how);
  EDGEOPT_TRY(const auto sizes, RecordedSizes(op, axis));
  return OutParts(op, self.value, axis, sizes);
}

Status Unbind(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t axis, op.AxisOf("dim", 0, self.rank()));
  const size_t count = op.output_count();
  if (UsedOutputs(op) > 1) {
    const std::vector<int64_t> ones(count, 1);
    const auto parts =
        op.Nodes("Split", count, {self.value, op.IntVector(ones, "split")}, {{"axis", axis}});
    for (size_t i = 0; i < count; ++i)
      if (!op.OutUnused(i)) EDGEOPT_CHECK_OK(op.Out(op.Squeeze(parts[i], {axis}), i));
    return OkStatus();
  }
  for (size_t i = 0; i < count; ++i)
    if (!op.OutUnused(i)) {
      const ValueId place = op.Scalar64(static_cast<int64_t>(i));
      EDGEOPT_CHECK_OK(op.Out(op.Node("Gather", {self.value, place}, {{"axis", axis}}), i));
    }
  return OkStatus();
}

constexpr Rule kRules[] = {
    {"aten.cat.default", Cat},
    {"aten.chunk.default", Split},
    {"aten.concat.default", Cat},
    {"aten.concatenate.default", Cat},
    {"aten.split.Tensor", Split},
    {"aten.split.default", Split},
    {"aten.split.sizes", Split},
    {"aten.split_copy.Tensor", Split},
    {"aten.split_with_sizes.default", Split},
    {"aten.split_with_sizes_copy.default", Split},
    {"aten.stack.default", Stack},
    {"aten.tensor_split.indices", Split},
    {"aten.tensor_split.sections", Split},
    {"aten.unbind.int", Unbind},
    {"aten.unbind_copy.int", Unbind},
    {"aten.unsafe_chunk.default", Split},
    {"aten.unsafe_split.Tensor", Split},
    {"aten.unsafe_split_with_sizes.default", Split},
};

}  // namespace

Family joining() { return {"joining", kRules}; }

}  // namespace edgeopt::formats::pt2
