// Parts of tensors, and tensors as parts: slices, pads, blocks of space in the batch, reversal.
#include <algorithm>
#include <limits>
#include <numeric>

#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

using ir::DataType;
using ir::Tensor;

// ONNX's limits for "to the end", in each direction.
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
constexpr int64_t kBeforeFirst = std::numeric_limits<int64_t>::min();

ValueId AddSlice(OperatorRaising& op, ValueId x, const std::vector<int64_t>& starts,
                 const std::vector<int64_t>& ends, const std::vector<int64_t>& steps) {
  std::vector<int64_t> axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  return op.Node("Slice", {x, op.Ints(starts, "starts"), op.Ints(ends, "ends"),
                           op.Ints(axes, "axes"), op.Ints(steps, "steps")});
}

// Inputs: data, begins, sizes (-1: to the end).
Status Slice(OperatorRaising& op) {
  const auto rank = static_cast<size_t>(op.InRank(0));
  const std::vector<int64_t> ones(rank, 1);
  if (op.ConstantIn(1) && op.ConstantIn(2)) {
    EDGEOPT_TRY(const auto begins, op.IntsIn(1));
    EDGEOPT_TRY(const auto sizes, op.IntsIn(2));
    if (begins.size() != rank || sizes.size() != rank)
      return BadInput("its begins and sizes are " + std::to_string(begins.size()) + " and " +
                      std::to_string(sizes.size()) + "; its input has rank " +
                      std::to_string(rank));
    std::vector<int64_t> ends;
    for (size_t i = 0; i < rank; ++i) ends.push_back(sizes[i] < 0 ? kEnd : begins[i] + sizes[i]);
    return op.Out(AddSlice(op, op.In(0), begins, ends, ones));
  }
  const ValueId begins = op.In64(1), sizes = op.In64(2);
  const ValueId to_end = op.Node("Less", {sizes, op.Scalar(0, DataType::kInt64)});
  const ValueId ends = op.Node(
      "Where", {to_end, op.Constant(Tensor::Scalar(kEnd), "end"), op.Node("Add", {begins, sizes})});
  return op.Out(op.Node("Slice", {op.In(0), begins, ends}));
}

// STRIDED_SLICE as Slice, and a reshape for the axes that go (shrink) and come (new axis). Each
// mask has a bit per element of begin.
class StridedSlicing {
 public:
  explicit StridedSlicing(OperatorRaising& op) : op_(op) {}

  Status Run() {
    EDGEOPT_TRY(options_, op_.OptionsAs<schema::StridedSliceOptionsT>());
    if (options_.offset) return op_.Unsupported("ends that count from begins");
    EDGEOPT_TRY(begin_, op_.IntsIn(1));
    EDGEOPT_TRY(end_, op_.IntsIn(2));
    EDGEOPT_TRY(step_, op_.IntsIn(3));
    if (end_.size() != begin_.size() || step_.size() != begin_.size() || begin_.size() > 31)
      return BadInput("its begins, ends and strides differ in length");
    EDGEOPT_CHECK_OK(Walk());
    ValueId x = AddSlice(op_, op_.In(0), starts_, ends_, steps_);
    if (!removed_.empty()) x = op_.Node("Squeeze", {x, op_.Ints(removed_, "removed")});
    if (!added_.empty()) x = op_.Node("Unsqueeze", {x, op_.Ints(added_, "added")});
    return op_.Out(x);
  }

 private:
  static bool Has(int32_t mask, size_t bit) { return ((mask >> bit) & 1) != 0; }

  Status Walk() {
    const auto rank = static_cast<size_t>(op_.InRank(0));
    size_t specified = 0;  // elements that take an axis of the input each
    for (size_t i = 0; i < begin_.size(); ++i)
      specified += Has(options_.ellipsis_mask, i) || IsNew(i) ? 0 : 1;
    if (specified > rank)
      return BadInput("it slices " + std::to_string(specified) + " axes of rank " +
                      std::to_string(rank));
    bool seen_ellipsis = false;
    for (size_t i = 0; i < begin_.size(); ++i) {
      if (Has(options_.ellipsis_mask, i)) {
        if (std::exchange(seen_ellipsis, true)) return BadInput("it has two ellipses");
        for (size_t k = specified; k < rank; ++k) Keep();
      } else if (IsNew(i)) {
        added_.push_back(outputs_++);
      } else {
        EDGEOPT_CHECK_OK(Take(i));
      }
    }
    while (starts_.size() < rank) Keep();
    return OkStatus();
  }

  // The ellipsis goes before the new axis, as in TensorFlow.
  bool IsNew(size_t i) const {
    return Has(options_.new_axis_mask, i) && !Has(options_.ellipsis_mask, i);
  }

  void Keep() {
    starts_.push_back(0);
    ends_.push_back(kEnd);
    steps_.push_back(1);
    ++outputs_;
  }

  Status Take(size_t i) {
    if (Has(options_.shrink_axis_mask, i)) {
      const int64_t index = Has(options_.begin_mask, i) ? 0 : begin_[i];
      removed_.push_back(static_cast<int64_t>(starts_.size()));
      starts_.push_back(index);
      ends_.push_back(index == -1 ? kEnd : index + 1);
      steps_.push_back(1);
      return OkStatus();
    }
    if (step_[i] == 0) return BadInput("its stride is 0");
    const bool back = step_[i] < 0;
    starts_.push_back(!Has(options_.begin_mask, i) ? begin_[i] : back ? kEnd : 0);
    ends_.push_back(!Has(options_.end_mask, i) ? end_[i] : back ? kBeforeFirst : kEnd);
    steps_.push_back(step_[i]);
    ++outputs_;
    return OkStatus();
  }

  OperatorRaising& op_;
  schema::StridedSliceOptionsT options_;
  std::vector<int64_t> begin_, end_, step_;
  std::vector<int64_t> starts_, ends_, steps_;  // by axis of the input
  std::vector<int64_t> removed_, added_;        // axes of the slice, of the output
  int64_t outputs_ = 0;                         // axes of the output so far
};

Status StridedSlice(OperatorRaising& op) { return StridedSlicing(op).Run(); }

Status Reverse(OperatorRaising& op) {
  EDGEOPT_TRY(const auto axes, op.AxesIn(1));
  const std::vector<int64_t> starts(axes.size(), kEnd), ends(axes.size(), kBeforeFirst),
      steps(axes.size(), -1);
  return op.Out(op.Node("Slice", {op.In(0), op.Ints(starts, "starts"), op.Ints(ends, "ends"),
                                  op.Ints(axes, "axes"), op.Ints(steps, "steps")}));
}

// [rank, 2] as ONNX's begins and then ends.
Result<ValueId> PadsIn(OperatorRaising& op) {
  if (op.in(1).shape != std::vector{static_cast<int32_t>(op.InRank(0)), 2})
    return BadInput("its paddings have shape " + ir::ToString(op.InShape(1)) +
                    ", its input has rank " + std::to_string(op.InRank(0)));
  if (!op.ConstantIn(1)) return op.Reshape(op.Transpose(op.In64(1), {1, 0}), {-1});
  EDGEOPT_TRY(const auto given, op.IntsIn(1));
  std::vector<int64_t> pads;
  for (const size_t end : {size_t{0}, size_t{1}})
    for (size_t i = end; i < given.size(); i += 2) pads.push_back(given[i]);
  return op.Ints(pads, "pads");
}

Status Pad(OperatorRaising& op) {
  EDGEOPT_TRY(const ValueId pads, PadsIn(op));
  return op.Out(op.Node("Pad", {op.In(0), pads}, {{"mode", std::string("constant")}}));
}

Status PadV2(OperatorRaising& op) {
  EDGEOPT_TRY(const ValueId pads, PadsIn(op));
  const ValueId value = op.InRank(2) == 0 ? op.In(2) : op.Reshape(op.In(2), {});
  return op.Out(op.Node("Pad", {op.In(0), pads, value}, {{"mode", std::string("constant")}}));
}

// With one element on each side SYMMETRIC repeats the last one: ONNX's edge.
Status MirrorPad(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::MirrorPadOptionsT>());
  std::string mode = "reflect";
  if (options.mode == schema::MirrorPadMode::SYMMETRIC) {
    EDGEOPT_TRY(const auto given, op.IntsIn(1));
    if (std::ranges::any_of(given, [](int64_t pad) { return pad > 1; }))
      return op.Unsupported("SYMMETRIC padding of more than one element");
    mode = "edge";
  }
  EDGEOPT_TRY(const ValueId pads, PadsIn(op));
  return op.Out(op.Node("Pad", {op.In(0), pads}, {{"mode", mode}}));
}

// Blocks of the axes behind the batch, and the pads (crops) of each: [blocks], [blocks, 2].
struct BatchBlocks {
  std::vector<int64_t> size, begins, ends;
  ir::Dims dims;  // of the input
};

Result<BatchBlocks> BatchBlocksOf(OperatorRaising& op) {
  BatchBlocks blocks;
  EDGEOPT_CHECK_OK(op.CheckRank(0, 3, 5));
  EDGEOPT_TRY(blocks.size, op.IntsIn(1));
  EDGEOPT_TRY(const auto pads, op.IntsIn(2));
  if (blocks.size.empty() || static_cast<int64_t>(blocks.size.size()) >= op.InRank(0) ||
      pads.size() != 2 * blocks.size.size() ||
      std::ranges::any_of(blocks.size, [](int64_t size) { return size < 1; }))
    return BadInput("its blocks and paddings don't fit its input");
  for (size_t i = 0; i < pads.size(); i += 2) {
    blocks.begins.push_back(pads[i]);
    blocks.ends.push_back(pads[i + 1]);
  }
  const auto dims = ir::ToDims(op.InShape(0));
  if (!dims) return op.Unsupported("an input of unknown size");
  blocks.dims = *dims;
  return blocks;
}

// [N, S..., rest] padded, as [N, S / b, b, ..., rest], as [b..., N, S / b, ..., rest], flattened.
Status SpaceToBatch(OperatorRaising& op) {
  EDGEOPT_TRY(const BatchBlocks blocks, BatchBlocksOf(op));
  const size_t count = blocks.size.size(), rank = blocks.dims.size();
  std::vector<int64_t> pads(2 * rank, 0), split = {blocks.dims[0]}, order, joined = {-1};
  for (size_t i = 0; i < count; ++i) {
    pads[i + 1] = blocks.begins[i];
    pads[rank + i + 1] = blocks.ends[i];
    const int64_t size = blocks.dims[i + 1] + blocks.begins[i] + blocks.ends[i];
    if (size % blocks.size[i] != 0)
      return BadInput("blocks of " + std::to_string(blocks.size[i]) + " don't divide " +
                      std::to_string(size));
    split.insert(split.end(), {size / blocks.size[i], blocks.size[i]});
    order.push_back(static_cast<int64_t>(2 * i + 2));
    joined.push_back(size / blocks.size[i]);
  }
  order.push_back(0);
  for (size_t i = 0; i < count; ++i) order.push_back(static_cast<int64_t>(2 * i + 1));
  for (size_t axis = count + 1; axis < rank; ++axis) {
    order.push_back(static_cast<int64_t>(axis + count));
    split.push_back(blocks.dims[axis]);
    joined.push_back(blocks.dims[axis]);
  }
  const ValueId padded = op.Node("Pad", {op.In(0), op.Ints(pads, "pads")});
  return op.Out(op.Reshape(op.Transpose(op.Reshape(padded, split), order), joined));
}

// The way back: [b... N, S..., rest] as [N, S, b, ..., rest], flattened, cropped.
Status BatchToSpace(OperatorRaising& op) {
  EDGEOPT_TRY(const BatchBlocks blocks, BatchBlocksOf(op));
  const auto count = static_cast<int64_t>(blocks.size.size());
  const auto rank = static_cast<int64_t>(blocks.dims.size());
  std::vector<int64_t> split = blocks.size, order = {count}, joined = {-1};
  std::vector<int64_t> starts = {0}, ends = {kEnd};
  split.push_back(-1);
  split.insert(split.end(), blocks.dims.begin() + 1, blocks.dims.end());
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    order.insert(order.end(), {count + 1 + i, i});
    joined.push_back(blocks.dims[at + 1] * blocks.size[at]);
    starts.push_back(blocks.begins[at]);
    ends.push_back(joined.back() - blocks.ends[at]);
  }
  for (int64_t axis = count + 1; axis < rank; ++axis) {
    order.push_back(axis + count);
    joined.push_back(blocks.dims[static_cast<size_t>(axis)]);
  }
  const ValueId whole = op.Reshape(op.Transpose(op.Reshape(op.In(0), split), order), joined);
  return op.Out(AddSlice(op, whole, starts, ends, std::vector<int64_t>(starts.size(), 1)));
}

Status ReverseSequence(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::ReverseSequenceOptionsT>());
  if (options.batch_dim + options.seq_dim != 1 || options.batch_dim < 0 || options.seq_dim < 0)
    return op.Unsupported("other axes than 0 and 1");
  return op.Out(op.Node(
      "ReverseSequence", {op.In(0), op.In64(1)},
      {{"batch_axis", int64_t{options.batch_dim}}, {"time_axis", int64_t{options.seq_dim}}}));
}

// Inputs: data, update, starts, which are clamped so that the update lies inside. The axes behind
// the last along which it is smaller begin at 0 then.
Status DynamicUpdateSlice(OperatorRaising& op) {
  const auto data = ir::ToDims(op.InShape(0)), update = ir::ToDims(op.InShape(1));
  if (!data || !update) return op.Unsupported("sizes that are not known");
  if (data->size() != update->size())
    return BadInput("its update has rank " + std::to_string(update->size()) + ", its data " +
                    std::to_string(data->size()));
  ir::Dims places, last;
  for (size_t axis = data->size(); axis-- > 0;)
    if (!places.empty() || (*update)[axis] != (*data)[axis]) {
      places.insert(places.begin(), (*update)[axis]);
      last.insert(last.begin(), (*data)[axis] - (*update)[axis]);
    }
  if (places.empty()) return op.Out(op.In(1));
  const auto width = static_cast<int64_t>(places.size());
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(places));
  // The index of each place in the update, along the axes that count.
  std::vector<int64_t> grid;
  for (int64_t place = 0; place < count; ++place) {
    std::vector<int64_t> index(places.size());
    int64_t rest = place;
    for (size_t axis = places.size(); axis-- > 0; rest /= places[axis])
      index[axis] = rest % places[axis];
    grid.insert(grid.end(), index.begin(), index.end());
  }
  ir::Dims grid_dims = places;
  grid_dims.push_back(width);
  const ValueId starts = AddSlice(op, op.In64(2), {0}, {width}, {1});
  const ValueId positive =
      op.Node("Max", {starts, op.Ints(std::vector<int64_t>(places.size(), 0), "first")});
  const ValueId inside = op.Node("Min", {positive, op.Ints(last, "last")});
  const ValueId indices =
      op.Node("Add", {op.Constant(Tensor::Of(grid_dims, grid), "grid"), inside});
  return op.Out(op.Node("ScatterND", {op.In(0), indices, op.In(1)}));
}

constexpr Rule kRules[] = {
    {.op = Op::BATCH_TO_SPACE_ND, .raise = BatchToSpace, .inputs = 3},
    {.op = Op::DYNAMIC_UPDATE_SLICE, .raise = DynamicUpdateSlice, .inputs = 3},
    {.op = Op::MIRROR_PAD, .raise = MirrorPad, .inputs = 2},
    {.op = Op::PAD, .raise = Pad, .inputs = 2},
    {.op = Op::PADV2, .raise = PadV2, .inputs = 3},
    {.op = Op::REVERSE_SEQUENCE, .raise = ReverseSequence, .inputs = 2},
    {.op = Op::REVERSE_V2, .raise = Reverse, .inputs = 2},
    {.op = Op::SLICE, .raise = Slice, .inputs = 3},
    {.op = Op::SPACE_TO_BATCH_ND, .raise = SpaceToBatch, .inputs = 3},
    {.op = Op::STRIDED_SLICE, .raise = StridedSlice, .inputs = 4},
};

}  // namespace

Family slicing() { return {"slicing", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
