// Elements by their positions.
#include "formats/tflite/raise/raising.h"

namespace edgeopt::formats::tflite::raise {
namespace {

// Axes of both that are batches: GatherND knows them when the axis follows them.
Status Gather(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::GatherOptionsT>());
  EDGEOPT_TRY(const int64_t axis, op.Axis(options.axis, op.InRank(0)));
  const int64_t batches = options.batch_dims + (options.batch_dims < 0 ? op.InRank(1) : 0);
  if (batches < 0 || batches > op.InRank(1))
    return BadInput("it has " + std::to_string(options.batch_dims) +
                    " batch axes, its indices rank " + std::to_string(op.InRank(1)));
  if (batches == 0) return op.Out(op.Node("Gather", {op.In(0), op.In64(1)}, {{"axis", axis}}));
  if (axis != batches) return op.Unsupported("an axis that does not follow the batches");
  const ValueId indices = op.Node("Unsqueeze", {op.In64(1), op.Ints({-1}, "axes")});
  return op.Out(op.Node("GatherND", {op.In(0), indices}, {{"batch_dims", batches}}));
}

Status GatherNd(OperatorRaising& op) { return op.Out(op.Node("GatherND", {op.In(0), op.In64(1)})); }

// Inputs: indices, table.
Status EmbeddingLookup(OperatorRaising& op) {
  return op.Out(op.Node("Gather", {op.In(1), op.In64(0)}, {{"axis", int64_t{0}}}));
}

// Inputs: indices, updates, shape. What is written twice is added.
Status ScatterNd(OperatorRaising& op) {
  const ValueId zeros = op.Node("Expand", {op.Scalar(0, op.OutType()), op.In64(2)});
  return op.Out(
      op.Node("ScatterND", {zeros, op.In64(0), op.In(1)}, {{"reduction", std::string("add")}}));
}

Status TopK(OperatorRaising& op) {
  EDGEOPT_CHECK_OK(op.CheckRank(0, 1, 8));
  const ValueId count = op.Reshape(op.In64(1), {1});
  const auto results = op.Nodes("TopK", 2, {op.In(0), count}, {{"axis", int64_t{-1}}});
  EDGEOPT_CHECK_OK(op.Out(results[0]));
  return op.OutCast(results[1], 1);
}

// Positions of what is true, a row each.
Status Where(OperatorRaising& op) {
  const ValueId positions = op.Node("NonZero", {op.In(0)});
  return op.OutCast(op.Transpose(positions, {1, 0}));
}

// Inputs: indices, depth, on, off. Compared with every position instead of ONNX's OneHot, which
// counts negative indices from the end.
Status OneHot(OperatorRaising& op) {
  EDGEOPT_TRY(const auto options, op.OptionsAs<schema::OneHotOptionsT>());
  EDGEOPT_TRY(const int64_t depth, op.IntIn(1));
  EDGEOPT_TRY(const int64_t axis, op.Axis(options.axis, op.InRank(0) + 1));
  if (depth < 0 || depth > (1 << 20)) return BadInput("its depth is " + std::to_string(depth));
  std::vector<int64_t> positions, shape(static_cast<size_t>(op.InRank(0) + 1 - axis), 1);
  for (int64_t i = 0; i < depth; ++i) positions.push_back(i);
  shape.front() = depth;
  const ValueId indices = op.Node("Unsqueeze", {op.In64(0), op.Ints({axis}, "axes")});
  const ValueId all = op.Constant(ir::Tensor::Of(shape, positions), "positions");
  return op.Out(op.Node("Where", {op.Node("Equal", {indices, all}), op.In(2), op.In(3)}));
}

constexpr Rule kRules[] = {
    {.op = Op::EMBEDDING_LOOKUP, .raise = EmbeddingLookup, .inputs = 2},
    {.op = Op::GATHER, .raise = Gather, .inputs = 2},
    {.op = Op::GATHER_ND, .raise = GatherNd, .inputs = 2},
    {.op = Op::ONE_HOT, .raise = OneHot, .inputs = 4},
    {.op = Op::SCATTER_ND, .raise = ScatterNd, .inputs = 3},
    {.op = Op::TOPK_V2, .raise = TopK, .inputs = 2, .outputs = 2},
    {.op = Op::WHERE, .raise = Where},
};

}  // namespace

Family indexing() { return {"indexing", kRules}; }

}  // namespace edgeopt::formats::tflite::raise
