// Operators that move elements without changing them.
#include <algorithm>
#include <numeric>

#include "formats/tflite/lower/lowering.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::DataType;
using ir::Tensor;

// Whatever only gives the same elements another shape.
Status Reshaped(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  return node.ReshapeTo(input, *node.OutType().shape, output);
}

// At inference it changes nothing, and its mask says that all stays.
Status Dropout(NodeLowering& node) {
  if (node.has_input(2) && node.ScalarIn(2) != 0) return node.Unsupported("training_mode");
  if (node.has_output(1)) {
    EDGEOPT_TRY(const ir::Dims dims, node.InDims(0));
    EDGEOPT_TRY(const TensorIndex yes, node.Scalar(1, DataType::kBool));
    EDGEOPT_TRY(const TensorIndex sizes, node.Ints(dims, "sizes"));
    EDGEOPT_TRY(const TensorIndex mask, node.Out(1));
    node.file().Add(Op::BROADCAST_TO, {yes, sizes}, {mask}, schema::BroadcastToOptionsT{});
  }
  return Reshaped(node);
}

// The target may be computed at run time; 0 in it means the input's size.
Status Reshape(NodeLowering& node) {
  const ir::Shape& shape = *node.OutType().shape;
  const auto unknown = std::ranges::count_if(shape, [](const ir::Dim& dim) { return !dim.value; });
  if (unknown <= 1) return Reshaped(node);
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex target, node.In32(1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::RESHAPE, {input, target}, {output}, schema::ReshapeOptionsT{});
  return OkStatus();
}

Status Transpose(NodeLowering& node) {
  std::vector<int64_t> reversed(static_cast<size_t>(node.InRank()));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex order, node.Ints(node.node().IntsOr("perm", reversed), "perm"));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::TRANSPOSE, {input, order}, {output}, schema::TransposeOptionsT{});
  return OkStatus();
}

Status Concat(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", 0), node.OutRank()));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  std::vector<TensorIndex> inputs;
  for (size_t slot = 0; slot < node.node().inputs.size(); ++slot) {
    EDGEOPT_TRY(const TensorIndex input, node.In(slot));
    inputs.push_back(input);
  }
  schema::ConcatenationOptionsT options;
  options.axis = static_cast<int32_t>(axis);
  node.file().Add(Op::CONCATENATION, std::move(inputs), {output}, options);
  return OkStatus();
}

Status Split(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", 0), node.InRank()));
  std::vector<int64_t> sizes;
  std::vector<TensorIndex> outputs;
  for (size_t i = 0; i < node.node().outputs.size(); ++i) {
    EDGEOPT_TRY(const TensorIndex output, node.Out(i));
    outputs.push_back(output);
    const auto size = (*node.OutType(i).shape)[static_cast<size_t>(axis)].value;
    if (!size) return node.Unsupported("the sizes of its parts are computed at run time");
    sizes.push_back(*size);
  }
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex parts, node.Ints(sizes, "sizes"));
  EDGEOPT_TRY(const TensorIndex along, node.Scalar(static_cast<double>(axis), DataType::kInt32));
  schema::SplitVOptionsT options;
  options.num_splits = static_cast<int32_t>(outputs.size());
  node.file().Add(Op::SPLIT_V, {input, parts, along}, std::move(outputs), options);
  return OkStatus();
}

// Starts, ends and steps of every axis, with ONNX's clamping done where the size is known.
class Slicing {
 public:
  explicit Slicing(NodeLowering& node)
      : node_(node),
        rank_(static_cast<size_t>(node.InRank())),
        begin_(rank_, 0),
        end_(rank_, 0),
        step_(rank_, 1) {}

  Status Run() {
    EDGEOPT_TRY(const auto starts, node_.IntsIn(1));
    EDGEOPT_TRY(const auto ends, node_.IntsIn(2));
    std::vector<int64_t> axes(starts.size()), steps(starts.size(), 1);
    std::iota(axes.begin(), axes.end(), 0);
    if (node_.has_input(3)) {
      EDGEOPT_TRY(axes, node_.IntsIn(3));
    }
    if (node_.has_input(4)) {
      EDGEOPT_TRY(steps, node_.IntsIn(4));
    }
    if (ends.size() != starts.size() || axes.size() != starts.size() ||
        steps.size() != starts.size())
      return BadInput("its starts, ends, axes and steps differ in length");
    begin_mask_ = end_mask_ = (int32_t{1} << rank_) - 1;
    for (size_t i = 0; i < starts.size(); ++i) {
      EDGEOPT_TRY(const int64_t axis, node_.Axis(axes[i], node_.InRank()));
      Set(static_cast<size_t>(axis), starts[i], ends[i], steps[i]);
    }
    return Write();
  }

 private:
  // A limit beyond the end means the end: TFLite's mask.
  void Set(size_t axis, int64_t start, int64_t end, int64_t step) {
    const auto size = node_.InDim(0, static_cast<int64_t>(axis));
    const auto bit = int32_t{1} << axis;
    step_[axis] = step;
    if (size) {
      const int64_t low = step < 0 ? -1 : 0, high = step < 0 ? *size - 1 : *size;
      const auto from_front = [&](int64_t index) { return index < 0 ? index + *size : index; };
      begin_[axis] = std::clamp<int64_t>(from_front(start), 0, high);
      const int64_t last = end < -*size ? low : std::clamp(from_front(end), low, *size);
      begin_mask_ &= ~bit;
      // -1 would be counted from the end.
      if (last >= 0) end_mask_ &= ~bit;
      end_[axis] = std::max<int64_t>(last, 0);
      return;
    }
    if (start != 0) begin_mask_ &= ~bit;
    begin_[axis] = start;
    if (end < INT32_MAX && end > INT32_MIN) end_mask_ &= ~bit;
    end_[axis] = std::clamp<int64_t>(end, INT32_MIN, INT32_MAX);
  }

  Status Write() {
    EDGEOPT_TRY(const TensorIndex input, node_.In(0));
    EDGEOPT_TRY(const TensorIndex output, node_.Out());
    EDGEOPT_TRY(const TensorIndex begin, node_.Ints(begin_, "begin"));
    EDGEOPT_TRY(const TensorIndex end, node_.Ints(end_, "end"));
    EDGEOPT_TRY(const TensorIndex step, node_.Ints(step_, "step"));
    schema::StridedSliceOptionsT options;
    options.begin_mask = begin_mask_;
    options.end_mask = end_mask_;
    node_.file().Add(Op::STRIDED_SLICE, {input, begin, end, step}, {output}, options);
    return OkStatus();
  }

  NodeLowering& node_;
  size_t rank_;
  std::vector<int64_t> begin_, end_, step_;
  int32_t begin_mask_ = 0, end_mask_ = 0;
};

Status Slice(NodeLowering& node) { return Slicing(node).Run(); }

Status ReverseSequence(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex lengths, node.In32(1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::ReverseSequenceOptionsT options;
  options.seq_dim = static_cast<int32_t>(node.node().IntOr("time_axis", 0));
  options.batch_dim = static_cast<int32_t>(node.node().IntOr("batch_axis", 1));
  node.file().Add(Op::REVERSE_SEQUENCE, {input, lengths}, {output}, options);
  return OkStatus();
}

template <Op kOp, typename Options>
Status WithShape(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex sizes, node.In32(1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(kOp, {input, sizes}, {output}, Options{});
  return OkStatus();
}

// Expand's shape may be smaller than the input's: the result's size counts.
Status Expand(NodeLowering& node) {
  const auto dims = node.OutType().static_dims();
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex sizes, dims ? node.Ints(*dims, "sizes") : node.In32(1));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  node.file().Add(Op::BROADCAST_TO, {input, sizes}, {output}, schema::BroadcastToOptionsT{});
  return OkStatus();
}

// Negative constant indices count from the end; LiteRT refuses them at run time.
Status Gather(NodeLowering& node) {
  EDGEOPT_TRY(const int64_t axis, node.Axis(node.node().IntOr("axis", 0), node.InRank()));
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex indices, node.IndicesIn(1, axis));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::GatherOptionsT options;
  options.axis = static_cast<int32_t>(axis);
  node.file().Add(Op::GATHER, {input, indices}, {output}, options);
  return OkStatus();
}

// TFLite's order of channels is [block, block, channels], DCR; CRD's is [channels, block, block].
Result<TensorIndex> BlocksFirst(NodeLowering& node, TensorIndex input, int64_t blocks) {
  const auto channels = node.file().ShapeOf(input).back().value;
  if (!channels) return node.Unsupported("mode 'CRD' of an unknown number of channels");
  std::vector<int32_t> order;
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t channel = 0; channel < *channels / blocks; ++channel)
      order.push_back(static_cast<int32_t>(channel * blocks + block));
  EDGEOPT_TRY(const TensorIndex indices, node.Constant(Tensor::Of({*channels}, order), "order"));
  EDGEOPT_TRY(const TensorIndex result,
              node.TempLike(input, node.file().ShapeOf(input), "blocks_first"));
  schema::GatherOptionsT options;
  options.axis = static_cast<int32_t>(node.InRank() - 1);
  node.file().Add(Op::GATHER, {input, indices}, {result}, options);
  return result;
}

Status DepthToSpace(NodeLowering& node) {
  EDGEOPT_TRY(TensorIndex input, node.In(0));
  const int64_t block = node.node().IntOr("blocksize", 1);
  if (node.node().StringOr("mode", "DCR") == "CRD") {
    EDGEOPT_TRY(input, BlocksFirst(node, input, block * block));
  }
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::DepthToSpaceOptionsT options;
  options.block_size = static_cast<int32_t>(block);
  node.file().Add(Op::DEPTH_TO_SPACE, {input}, {output}, options);
  return OkStatus();
}

Status SpaceToDepth(NodeLowering& node) {
  EDGEOPT_TRY(const TensorIndex input, node.In(0));
  EDGEOPT_TRY(const TensorIndex output, node.Out());
  schema::SpaceToDepthOptionsT options;
  options.block_size = static_cast<int32_t>(node.node().IntOr("blocksize", 1));
  node.file().Add(Op::SPACE_TO_DEPTH, {input}, {output}, options);
  return OkStatus();
}

constexpr Rule kRules[] = {
    {.op_type = "Concat",
     .lower = Concat,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "DepthToSpace",
     .lower = DepthToSpace,
     .layout = Layout::kNhwc,
     .integer = true,
     .same_scale = true,
     .int8_only = true},
    {.op_type = "Dropout", .lower = Dropout, .integer = true, .same_scale = true},
    {.op_type = "Expand",
     .lower = Expand,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Flatten",
     .lower = Reshaped,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Gather",
     .lower = Gather,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Identity",
     .lower = Reshaped,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Reshape",
     .lower = Reshape,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "ReverseSequence", .lower = ReverseSequence, .types = Types::kFloatInt},
    {.op_type = "Slice",
     .lower = Slice,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "SpaceToDepth",
     .lower = SpaceToDepth,
     .layout = Layout::kNhwc,
     .integer = true,
     .same_scale = true,
     .int8_only = true},
    {.op_type = "Split",
     .lower = Split,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Squeeze",
     .lower = Reshaped,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Tile",
     .lower = WithShape<Op::TILE, schema::TileOptionsT>,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Transpose",
     .lower = Transpose,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
    {.op_type = "Unsqueeze",
     .lower = Reshaped,
     .types = Types::kStorage,
     .integer = true,
     .same_scale = true},
};

}  // namespace

Family movement() { return {"movement", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
