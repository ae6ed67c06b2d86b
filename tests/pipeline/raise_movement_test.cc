// TFLite operators that move and select elements, raised into ONNX.
#include "pipeline/one_operator.h"

namespace edgeopt::pipeline::operators {
namespace {

TEST(RaiseOperators, Shapes) {
  Same(Op::RESHAPE, schema::ReshapeOptionsT{}, {F({2, 3, 4}), Ints({4, -1})}, {F({4, 6})});
  schema::ReshapeOptionsT reshape;
  reshape.new_shape = {6, 4};
  Same(Op::RESHAPE, reshape, {F({2, 3, 4})}, {F({6, 4})});
  schema::SqueezeOptionsT squeeze;
  Same(Op::SQUEEZE, squeeze, {F({1, 3, 1, 4})}, {F({3, 4})});
  squeeze.squeeze_dims = {-2};
  Same(Op::SQUEEZE, squeeze, {F({1, 3, 1, 4})}, {F({1, 3, 4})});
  Same(Op::EXPAND_DIMS, schema::ExpandDimsOptionsT{}, {F({3, 4}), Int(-1)}, {F({3, 4, 1})});
  schema::ShapeOptionsT shape;
  shape.out_type = schema::TensorType::INT32;
  Same(Op::SHAPE, shape, {F({3, 4})}, {I({2})}, 0);
  Same(Op::TRANSPOSE, schema::TransposeOptionsT{}, {F({2, 3, 4}), Ints({2, 0, 1})}, {F({4, 2, 3})});
  Same(Op::TILE, schema::TileOptionsT{}, {F({2, 3}), Ints({2, 2})}, {F({4, 6})});
  Same(Op::BROADCAST_TO, schema::BroadcastToOptionsT{}, {F({3, 1}), Ints({2, 3, 4})},
       {F({2, 3, 4})});
  Same(Op::FILL, schema::FillOptionsT{}, {Ints({2, 3}), F({})}, {F({2, 3})});
  Same(Op::RANK, schema::RankOptionsT{}, {F({2, 3})}, {I({})}, 0);
}

TEST(RaiseOperators, Parts) {
  schema::ConcatenationOptionsT concat;
  concat.axis = -1;
  Same(Op::CONCATENATION, concat, {F({2, 3}), F({2, 1}), F({2, 2})}, {F({2, 6})});
  schema::PackOptionsT pack;
  pack.values_count = 2;
  pack.axis = 1;
  Same(Op::PACK, pack, {F({2, 3}), F({2, 3})}, {F({2, 2, 3})});
  schema::UnpackOptionsT unpack;
  unpack.num = 3;
  unpack.axis = -1;
  Same(Op::UNPACK, unpack, {F({2, 3})}, {F({2}), F({2}), F({2})});
  schema::SplitOptionsT split;
  split.num_splits = 2;
  Same(Op::SPLIT, split, {Int(1), F({3, 4})}, {F({3, 2}), F({3, 2})});
  schema::SplitVOptionsT parts;
  parts.num_splits = 3;
  Same(Op::SPLIT_V, parts, {F({3, 7}), Ints({2, -1, 1}), Int(-1)},
       {F({3, 2}), F({3, 4}), F({3, 1})});
  Same(Op::SLICE, schema::SliceOptionsT{}, {F({4, 5}), Ints({1, 2}), Ints({2, -1})}, {F({2, 3})});
  Same(Op::REVERSE_V2, schema::ReverseV2OptionsT{}, {F({4, 5, 2}), Ints({1})}, {F({4, 5, 2})});
  schema::ReverseSequenceOptionsT reverse;
  reverse.seq_dim = 1;
  Same(Op::REVERSE_SEQUENCE, reverse, {F({2, 5, 2}), Ints({3, 5})}, {F({2, 5, 2})});
}

struct Strides {
  std::vector<int32_t> begin, end, step;
  int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
};

void SameSlice(const Strides& strides, Dims in, Dims out) {
  schema::StridedSliceOptionsT options;
  options.begin_mask = strides.begin_mask;
  options.end_mask = strides.end_mask;
  options.ellipsis_mask = strides.ellipsis_mask;
  options.new_axis_mask = strides.new_axis_mask;
  options.shrink_axis_mask = strides.shrink_axis_mask;
  Same(Op::STRIDED_SLICE, options,
       {F(std::move(in)), Ints(strides.begin), Ints(strides.end), Ints(strides.step)},
       {F(std::move(out))});
}

TEST(RaiseOperators, StridedSlice) {
  SameSlice({{1, 0}, {3, 5}, {1, 2}}, {4, 5}, {2, 3});
  SameSlice({{-3, 9}, {9, -9}, {1, -2}}, {4, 5}, {3, 3});
  SameSlice({{2, 2}, {3, 4}, {1, 1}, 2, 1}, {4, 5}, {2, 4});
  SameSlice({{0, 0}, {0, 0}, {-1, 1}, 1, 3}, {4, 5}, {4, 5});
  SameSlice({{-1, 1}, {0, 3}, {1, 1}, 0, 0, 0, 0, 1}, {4, 5}, {2});
  SameSlice({{0, 0, 1}, {0, 0, 3}, {1, 1, 1}, 0, 0, 1, 2}, {4, 5, 6}, {4, 5, 1, 2});
  SameSlice({{1, 0, 2}, {2, 0, 3}, {1, 1, 1}, 0, 0, 2, 0, 5}, {4, 5, 3, 6}, {5, 3});
  SameSlice({{0, 1}, {1, 3}, {1, 1}, 0, 0, 0, 1}, {4, 5}, {1, 2, 5});
}

TEST(RaiseOperators, Pads) {
  const Operand pads = Const<int32_t>({3, 2}, {0, 1, 2, 0, 1, 1});
  Same(Op::PAD, schema::PadOptionsT{}, {F({2, 3, 4}), pads}, {F({3, 5, 6})});
  Same(Op::PADV2, schema::PadV2OptionsT{}, {F({2, 3, 4}), pads, Const<float>({1}, {7})},
       {F({3, 5, 6})});
  const Operand ones = Const<int32_t>({3, 2}, {0, 1, 1, 0, 1, 1});
  schema::MirrorPadOptionsT mirror;
  Same(Op::MIRROR_PAD, mirror, {F({2, 3, 4}), ones}, {F({3, 4, 6})});
  mirror.mode = schema::MirrorPadMode::SYMMETRIC;
  Same(Op::MIRROR_PAD, mirror, {F({2, 3, 4}), ones}, {F({3, 4, 6})});
}

TEST(RaiseOperators, Blocks) {
  schema::SpaceToDepthOptionsT to_depth;
  to_depth.block_size = 2;
  Same(Op::SPACE_TO_DEPTH, to_depth, {F({2, 4, 6, 3})}, {F({2, 2, 3, 12})});
  schema::DepthToSpaceOptionsT to_space;
  to_space.block_size = 2;
  Same(Op::DEPTH_TO_SPACE, to_space, {F({2, 2, 3, 12})}, {F({2, 4, 6, 3})});
  const Operand blocks = Ints({2, 3}), pads = Const<int32_t>({2, 2}, {1, 0, 2, 1});
  Same(Op::SPACE_TO_BATCH_ND, schema::SpaceToBatchNDOptionsT{}, {F({2, 3, 6, 2}), blocks, pads},
       {F({12, 2, 3, 2})});
  Same(Op::BATCH_TO_SPACE_ND, schema::BatchToSpaceNDOptionsT{}, {F({12, 2, 3, 2}), blocks, pads},
       {F({2, 3, 6, 2})});
}

TEST(RaiseOperators, Positions) {
  schema::GatherOptionsT gather;
  gather.axis = 1;
  Same(Op::GATHER, gather, {F({2, 3, 4}), Ints({2, 0})}, {F({2, 2, 4})});
  gather.batch_dims = 1;
  Same(Op::GATHER, gather, {F({2, 3, 4}), Const<int32_t>({2, 2}, {2, 0, 1, 1})}, {F({2, 2, 4})});
  Same(Op::GATHER_ND, schema::GatherNdOptionsT{},
       {F({2, 3, 4}), Const<int32_t>({2, 2}, {1, 2, 0, 0})}, {F({2, 4})});
  Same(Op::SCATTER_ND, schema::ScatterNdOptionsT{},
       {Const<int32_t>({3, 1}, {1, 4, 1}), F({3, 2}), Ints({5, 2})}, {F({5, 2})});
  Same(Op::EMBEDDING_LOOKUP, {Ints({2, 0, 1}), F({3, 4})}, {F({3, 4})});
  schema::OneHotOptionsT one_hot;
  for (const int axis : {-1, 0, 1}) {
    one_hot.axis = axis;
    const Dims dims = axis == 0 ? Dims{4, 6, 2} : axis == 1 ? Dims{6, 4, 2} : Dims{6, 2, 4};
    Same(Op::ONE_HOT, one_hot, {I({6, 2}), Int(4), Const<float>({}, {5}), Const<float>({}, {-1})},
         {F(dims)});
  }
  Same(Op::TOPK_V2, schema::TopKV2OptionsT{}, {F({3, 8}), Int(4)}, {F({3, 4}), I({3, 4})});
}

TEST(RaiseOperators, Reductions) {
  schema::ReducerOptionsT options;
  for (const bool keep : {false, true}) {
    options.keep_dims = keep;
    const Dims dims = keep ? Dims{2, 1, 1, 5} : Dims{2, 5};
    for (const Op op : {Op::MEAN, Op::SUM, Op::REDUCE_MAX, Op::REDUCE_MIN, Op::REDUCE_PROD})
      Same(op, options, {F({2, 3, 4, 5}), Ints({1, -2})}, {F(dims)}, 1e-4);
    for (const Op op : {Op::REDUCE_ANY, Op::REDUCE_ALL})
      Same(op, options, {B({2, 3, 4, 5}), Ints({1, -2})}, {B(dims)}, 0);
  }
  schema::ArgMaxOptionsT largest;
  largest.output_type = schema::TensorType::INT32;
  Same(Op::ARG_MAX, largest, {F({3, 4, 5}), Int(-2)}, {I({3, 5})}, 0);
  schema::ArgMinOptionsT smallest;
  smallest.output_type = schema::TensorType::INT64;
  Same(Op::ARG_MIN, smallest, {F({3, 4, 5}), Int(2)}, {I({3, 4}, DataType::kInt64)}, 0);
  for (const auto& [exclusive, reverse] : {std::pair{false, false}, {true, false}, {true, true}}) {
    schema::CumsumOptionsT cumsum;
    cumsum.exclusive = exclusive;
    cumsum.reverse = reverse;
    Same(Op::CUMSUM, cumsum, {F({3, 4, 5}), Int(1)}, {F({3, 4, 5})});
  }
}

}  // namespace
}  // namespace edgeopt::pipeline::operators
