// Operators that give the same elements another shape or order, and that ask for shapes.
#include <algorithm>
#include <numeric>

#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// The target is input 1, or an option in old files; 0 in it is a size.
Status Reshape(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::ReshapeOptionsT>());
  if (!op.has_input(1))
    return op.Out(op.Reshape(op.In(0), {options.new_shape.begin(), options.new_shape.end()}));
  if (op.ConstantIn(1)) {
    EDGEOPT_TRY(const auto shape, op.IntsIn(1));
    return op.Out(op.Reshape(op.In(0), shape));
  }
  return op.Out(op.Node("Reshape", {op.In(0), op.In64(1)}));
}

Status Squeeze(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::SqueezeOptionsT>());
  const ir::Shape shape = op.InShape(0);
  std::vector<int64_t> axes;
  for (const int32_t given : options.squeeze_dims) {
    EDGEOPT_TRY(const int64_t axis, op.Axis(given, op.InRank(0)));
    axes.push_back(axis);
  }
  if (axes.empty())
    for (size_t i = 0; i < shape.size(); ++i) {
      if (!shape[i].value) return op.Unsupported("no axes for an input of unknown size");
      if (*shape[i].value == 1) axes.push_back(static_cast<int64_t>(i));
    }
  if (axes.empty()) return op.Out(op.In(0));
  return op.Out(op.Node("Squeeze", {op.In(0), op.Ints(axes, "axes")}));
}

Status ExpandDims(OperatorRaising& op) {
  EDGEOPT_TRY(const int64_t given, op.IntIn(1));
  EDGEOPT_TRY(const int64_t axis, op.Axis(given, op.InRank(0) + 1));
  return op.Out(op.Node("Unsqueeze", {op.In(0), op.Ints({axis}, "axes")}));
}

Status Transpose(OperatorRaising& op) {
  EDGEOPT_TRY(const auto order, op.AxesIn(1));
  std::vector<int64_t> sorted = order, all(static_cast<size_t>(op.InRank(0)));
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all) return BadInput("its axes are no permutation of its input's");
  return op.Out(op.Permuted(0, order));
}

Status Shape(OperatorRaising& op) { return op.OutCast(op.Node("Shape", {op.StoredIn(0)})); }

Status Rank(OperatorRaising& op) {
  return op.Out(op.Scalar(static_cast<double>(op.InRank(0)), op.OutType()));
}

Status ZerosLike(OperatorRaising& op) {
  const ValueId zero = op.Scalar(0, op.OutType());
  return op.Out(op.Node("Expand", {zero, op.Node("Shape", {op.StoredIn(0)})}));
}

Status Concatenation(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::ConcatenationOptionsT>());
  EDGEOPT_TRY(const int64_t axis, op.Axis(options.axis, op.InRank(0)));
  std::vector<ValueId> parts;
  for (size_t slot = 0; slot < op.input_count(); ++slot) parts.push_back(op.In(slot));
  return op.Out(op.Node("Concat", std::move(parts), {{"axis", axis}}),
                options.fused_activation_function);
}

Status Pack(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::PackOptionsT>());
  EDGEOPT_TRY(const int64_t axis, op.Axis(options.axis, op.InRank(0) + 1));
  const ValueId axes = op.Ints({axis}, "axes");
  std::vector<ValueId> parts;
  for (size_t slot = 0; slot < op.input_count(); ++slot)
    parts.push_back(op.Node("Unsqueeze", {op.In(slot), axes}));
  return op.Out(op.Node("Concat", std::move(parts), {{"axis", axis}}));
}

Status OutAll(OperatorRaising& op, const std::vector<ValueId>& values) {
  for (size_t i = 0; i < values.size(); ++i) EDGEOPT_CHECK_OK(op.Out(values[i], i));
  return OkStatus();
}

Status Unpack(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::UnpackOptionsT>());
  EDGEOPT_TRY(const int64_t axis, op.Axis(options.axis, op.InRank(0)));
  const auto count = static_cast<int64_t>(op.output_count());
  std::vector<ValueId> parts =
      op.Nodes("Split", op.output_count(), {op.In(0)}, {{"axis", axis}, {"num_outputs", count}});
  const ValueId axes = op.Ints({axis}, "axes");
  for (ValueId& part : parts) part = op.Node("Squeeze", {part, axes});
  return OutAll(op, parts);
}

// Inputs: the axis, the data.
Status Split(OperatorRaising& op) {
  EDGEOPT_TRY(const int64_t given, op.IntIn(0));
  EDGEOPT_TRY(const int64_t axis, op.Axis(given, op.InRank(1)));
  const auto count = static_cast<int64_t>(op.output_count());
  return OutAll(op, op.Nodes("Split", op.output_count(), {op.In(1)},
                             {{"axis", axis}, {"num_outputs", count}}));
}

// Inputs: the data, sizes (one may be -1, the rest), the axis.
Status SplitV(OperatorRaising& op) {
  EDGEOPT_TRY(auto sizes, op.IntsIn(1));
  EDGEOPT_TRY(const int64_t given, op.IntIn(2));
  EDGEOPT_TRY(const int64_t axis, op.Axis(given, op.InRank(0)));
  if (sizes.size() != op.output_count())
    return BadInput("it has " + std::to_string(sizes.size()) + " sizes and " +
                    std::to_string(op.output_count()) + " outputs");
  const auto rest = std::ranges::find(sizes, -1);
  if (rest != sizes.end()) {
    const auto whole = op.InShape(0)[static_cast<size_t>(axis)].value;
    if (!whole) return op.Unsupported("the rest of an axis of unknown size");
    *rest = *whole - (std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) + 1);
  }
  return OutAll(op, op.Nodes("Split", op.output_count(), {op.In(0), op.Ints(sizes, "sizes")},
                             {{"axis", axis}}));
}

Status Tile(OperatorRaising& op) { return op.Out(op.Node("Tile", {op.In(0), op.In64(1)})); }

Status BroadcastTo(OperatorRaising& op) {
  return op.Out(op.Node("Expand", {op.In(0), op.In64(1)}));
}

// Inputs: the sizes, the value.
Status Fill(OperatorRaising& op) { return op.Out(op.Node("Expand", {op.In(1), op.In64(0)})); }

Status Range(OperatorRaising& op) {
  return op.Out(op.Node("Range", {op.In(0), op.In(1), op.In(2)}));
}

template <typename Options>
Status Blocks(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 4, 4));
  EDGEOPT_TRY(const auto options, op.OptionsAs<Options>());
  if (options.block_size < 1)
    return BadInput("its block size is " + std::to_string(options.block_size));
  const ValueId result = op.Node(op.onnx(), {op.ChannelsFirst(op.In(0), 4)},
                                 {{"blocksize", int64_t{options.block_size}}});
  return op.Out(op.ChannelsLast(result, 4));
}

constexpr Rule kRules[] = {
    {.op = Op::BROADCAST_TO, .raise = BroadcastTo, .inputs = 2},
    {.op = Op::CONCATENATION, .raise = Concatenation, .most_inputs = kAnyNumber},
    {.op = Op::DEPTH_TO_SPACE,
     .raise = Blocks<schema::DepthToSpaceOptionsT>,
     .onnx = "DepthToSpace"},
    {.op = Op::EXPAND_DIMS, .raise = ExpandDims, .inputs = 2},
    {.op = Op::FILL, .raise = Fill, .inputs = 2},
    {.op = Op::PACK, .raise = Pack, .most_inputs = kAnyNumber},
    {.op = Op::RANGE, .raise = Range, .inputs = 3},
    {.op = Op::RANK, .raise = Rank},
    {.op = Op::RESHAPE, .raise = Reshape, .most_inputs = 2},
    {.op = Op::SHAPE, .raise = Shape},
    {.op = Op::SPACE_TO_DEPTH,
     .raise = Blocks<schema::SpaceToDepthOptionsT>,
     .onnx = "SpaceToDepth"},
    {.op = Op::SPLIT, .raise = Split, .inputs = 2},
    {.op = Op::SPLIT_V, .raise = SplitV, .inputs = 3},
    {.op = Op::SQUEEZE, .raise = Squeeze},
    {.op = Op::TILE, .raise = Tile, .inputs = 2},
    {.op = Op::TRANSPOSE, .raise = Transpose, .inputs = 2},
    {.op = Op::UNPACK, .raise = Unpack},
    {.op = Op::ZEROS_LIKE, .raise = ZerosLike},
};

}  // namespace

Family movement() { return {"movement", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
