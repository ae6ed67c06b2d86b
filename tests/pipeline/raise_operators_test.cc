// TFLite operators that compute, raised into ONNX.
#include "pipeline/one_operator.h"

namespace edgeopt::pipeline::operators {
namespace {

// --- convolutions ---

TEST(RaiseOperators, Conv2d) {
  const Operand x = F({2, 7, 6, 4}), bias = Weights({3});
  Same(Op::CONV_2D, Conv(Padding::SAME, 2), {x, Weights({3, 3, 3, 4}), bias}, {F({2, 4, 3, 3})});
  Same(Op::CONV_2D, Conv(Padding::SAME, 1, 2), {x, Weights({3, 3, 2, 4}), bias}, {F({2, 7, 6, 3})});
  Same(Op::CONV_2D, Conv(Padding::VALID, 1, 1, ActivationFunctionType::RELU6),
       {x, Weights({3, 3, 3, 4}), bias}, {F({2, 5, 4, 3})});
  // Two groups.
  Same(Op::CONV_2D, Conv(Padding::SAME, 1), {x, Weights({6, 3, 3, 2}), Weights({6})},
       {F({2, 7, 6, 6})});
}

TEST(RaiseOperators, DepthwiseConv2d) {
  schema::DepthwiseConv2DOptionsT options;
  options.stride_h = options.stride_w = 2;
  options.depth_multiplier = 2;
  options.fused_activation_function = ActivationFunctionType::RELU;
  Same(Op::DEPTHWISE_CONV_2D, options, {F({1, 8, 7, 3}), Weights({1, 3, 3, 6}), Weights({6})},
       {F({1, 4, 4, 6})});
}

TEST(RaiseOperators, Conv3d) {
  schema::Conv3DOptionsT options;
  options.stride_d = options.stride_h = options.stride_w = 2;
  Same(Op::CONV_3D, options, {F({1, 4, 5, 6, 3}), Weights({3, 3, 3, 3, 2}), Weights({2})},
       {F({1, 2, 3, 3, 2})});
}

TEST(RaiseOperators, TransposeConv) {
  schema::TransposeConvOptionsT options;
  options.stride_h = options.stride_w = 2;
  for (const int32_t size : {7, 8})
    Same(Op::TRANSPOSE_CONV, options,
         {Ints({1, size, size, 3}), Weights({3, 3, 3, 2}), F({1, 4, 4, 2}), Weights({3})},
         {F({1, size, size, 3})});
  options.padding = Padding::VALID;
  for (const int32_t size : {9, 10})
    Same(Op::TRANSPOSE_CONV, options,
         {Ints({1, size, size, 3}), Weights({3, 3, 3, 2}), F({1, 4, 4, 2})},
         {F({1, size, size, 3})});
}

TEST(RaiseOperators, Pools) {
  schema::Pool2DOptionsT options;
  options.stride_h = options.stride_w = 2;
  options.filter_height = 3;
  options.filter_width = 2;
  for (const Op op : {Op::AVERAGE_POOL_2D, Op::MAX_POOL_2D, Op::L2_POOL_2D}) {
    options.padding = Padding::SAME;
    Same(op, options, {F({2, 7, 6, 3})}, {F({2, 4, 3, 3})});
    options.padding = Padding::VALID;
    options.fused_activation_function = ActivationFunctionType::RELU;
    Same(op, options, {F({2, 7, 6, 3})}, {F({2, 3, 3, 3})});
  }
}

TEST(RaiseOperators, Resize) {
  for (const auto& [align, half] : {std::pair{false, false}, {true, false}, {false, true}})
    for (const auto& [height, width] : {std::pair{9, 7}, {3, 2}, {1, 1}, {8, 10}}) {
      schema::ResizeBilinearOptionsT bilinear;
      bilinear.align_corners = align;
      bilinear.half_pixel_centers = half;
      Same(Op::RESIZE_BILINEAR, bilinear, {F({2, 4, 5, 3}), Ints({height, width})},
           {F({2, height, width, 3})});
      schema::ResizeNearestNeighborOptionsT nearest;
      nearest.align_corners = align;
      nearest.half_pixel_centers = half;
      Same(Op::RESIZE_NEAREST_NEIGHBOR, nearest, {F({2, 4, 5, 3}), Ints({height, width})},
           {F({2, height, width, 3})});
    }
}

// --- products ---

TEST(RaiseOperators, FullyConnected) {
  schema::FullyConnectedOptionsT options;
  Same(Op::FULLY_CONNECTED, options, {F({3, 4}), Weights({5, 4}), Weights({5})}, {F({3, 5})});
  Same(Op::FULLY_CONNECTED, options, {F({3, 2, 2}), Weights({5, 4})}, {F({3, 5})});
  options.fused_activation_function = ActivationFunctionType::RELU_N1_TO_1;
  Same(Op::FULLY_CONNECTED, options, {F({3, 1, 2, 4}), Weights({5, 4}), Weights({5})}, {F({6, 5})});
  options.keep_num_dims = true;
  Same(Op::FULLY_CONNECTED, options, {F({3, 1, 2, 4}), Weights({5, 4}), Weights({5})},
       {F({3, 1, 2, 5})});
  Same(Op::FULLY_CONNECTED, options, {F({3, 4}), F({5, 4})}, {F({3, 5})});
}

TEST(RaiseOperators, BatchMatMul) {
  schema::BatchMatMulOptionsT options;
  Same(Op::BATCH_MATMUL, options, {F({2, 3, 4}), F({2, 4, 5})}, {F({2, 3, 5})});
  options.adj_y = true;
  Same(Op::BATCH_MATMUL, options, {F({2, 3, 4}), Weights({2, 5, 4})}, {F({2, 3, 5})});
  options.adj_x = true;
  Same(Op::BATCH_MATMUL, options, {F({2, 4, 3}), F({2, 5, 4})}, {F({2, 3, 5})});
}

// --- elements ---

TEST(RaiseOperators, Unary) {
  for (const Op op : {Op::ABS, Op::CEIL, Op::COS, Op::EXP, Op::FLOOR, Op::NEG, Op::SIN, Op::SQUARE,
                      Op::SIGN, Op::ELU, Op::RELU, Op::RELU6, Op::RELU_N1_TO_1, Op::RELU_0_TO_1,
                      Op::LOGISTIC, Op::TANH, Op::HARD_SWISH, Op::ROUND, Op::ZEROS_LIKE})
    Same(op, {F({2, 3, 4})}, {F({2, 3, 4})});
  for (const Op op : {Op::LOG, Op::SQRT, Op::RSQRT}) Same(op, {F({2, 3, 4})}, {F({2, 3, 4})});
  Same(Op::LOGICAL_NOT, {B({2, 3})}, {B({2, 3})});
  schema::GeluOptionsT gelu;
  Same(Op::GELU, gelu, {F({5, 9})}, {F({5, 9})});
  gelu.approximate = true;
  Same(Op::GELU, gelu, {F({5, 9})}, {F({5, 9})}, 1e-3);
  schema::LeakyReluOptionsT leaky;
  leaky.alpha = 0.2f;
  Same(Op::LEAKY_RELU, leaky, {F({5, 9})}, {F({5, 9})});
  Same(Op::PRELU, {F({2, 3, 4, 5}), Weights({1, 1, 5})}, {F({2, 3, 4, 5})});
  Same(Op::PRELU, {F({2, 3, 4, 5}), Weights({3, 4, 5})}, {F({2, 3, 4, 5})});
}

TEST(RaiseOperators, Softmax) {
  schema::SoftmaxOptionsT options;
  options.beta = 1;
  Same(Op::SOFTMAX, options, {F({2, 3, 7})}, {F({2, 3, 7})});
  options.beta = 0.5f;
  Same(Op::SOFTMAX, options, {F({3, 7})}, {F({3, 7})});
  Same(Op::LOG_SOFTMAX, schema::LogSoftmaxOptionsT{}, {F({3, 7})}, {F({3, 7})});
}

TEST(RaiseOperators, Normalization) {
  Same(Op::L2_NORMALIZATION, schema::L2NormOptionsT{}, {F({2, 3, 4, 5})}, {F({2, 3, 4, 5})});
  schema::LocalResponseNormalizationOptionsT lrn;
  lrn.radius = 2;
  lrn.bias = 1.5f;
  lrn.alpha = 0.3f;
  lrn.beta = 0.75f;
  Same(Op::LOCAL_RESPONSE_NORMALIZATION, lrn, {F({2, 3, 4, 9})}, {F({2, 3, 4, 9})});
}

TEST(RaiseOperators, Binary) {
  const Operand x = F({2, 3, 4}), y = F({3, 1});
  Same(Op::ADD, schema::AddOptionsT{}, {x, y}, {x});
  Same(Op::MUL, schema::MulOptionsT{}, {x, y}, {x});
  Same(Op::SUB, schema::SubOptionsT{}, {x, y}, {x});
  Same(Op::DIV, schema::DivOptionsT{}, {x, y}, {x});
  schema::AddOptionsT relu;
  relu.fused_activation_function = ActivationFunctionType::RELU;
  Same(Op::ADD, relu, {x, x}, {x});
  for (const Op op :
       {Op::MAXIMUM, Op::MINIMUM, Op::SQUARED_DIFFERENCE, Op::FLOOR_DIV, Op::FLOOR_MOD})
    Same(op, {x, y}, {x});
  Same(Op::ATAN2, {x, x}, {x});
  Same(Op::POW, {x, Const<float>({1}, {2})}, {x});
  for (const Op op :
       {Op::EQUAL, Op::NOT_EQUAL, Op::LESS, Op::LESS_EQUAL, Op::GREATER, Op::GREATER_EQUAL}) {
    Same(op, {x, y}, {B({2, 3, 4})});
    Same(op, {I({6}), I({6})}, {B({6})});
  }
  for (const Op op : {Op::LOGICAL_AND, Op::LOGICAL_OR}) Same(op, {B({6}), B({6})}, {B({6})});
  Same(Op::ADD_N, {x, x, x}, {x});
}

TEST(RaiseOperators, Integers) {
  const Operand x = I({40}), y = Const<int32_t>({40}, [] {
                               std::vector<int32_t> values;
                               for (int i = 0; i < 40; ++i) values.push_back(i % 2 == 0 ? 3 : -2);
                               return values;
                             }());
  for (const Op op : {Op::FLOOR_DIV, Op::FLOOR_MOD, Op::MAXIMUM}) Same(op, {x, y}, {x}, 0);
  Same(Op::DIV, schema::DivOptionsT{}, {x, y}, {x}, 0);
  Same(Op::BITWISE_XOR, {x, y}, {x}, 0);
  schema::AddOptionsT relu6;
  relu6.fused_activation_function = ActivationFunctionType::RELU6;
  Same(Op::ADD, relu6, {x, x}, {x}, 0);
}

TEST(RaiseOperators, Choices) {
  Same(Op::SELECT, {B({3}), F({3, 2}), F({3, 2})}, {F({3, 2})});
  Same(Op::SELECT, {B({3, 2}), F({3, 2}), F({3, 2})}, {F({3, 2})});
  Same(Op::SELECT_V2, {B({3, 1}), F({3, 2}), F({1})}, {F({3, 2})});
}

TEST(RaiseOperators, Cast) {
  schema::CastOptionsT options;
  options.out_data_type = schema::TensorType::INT32;
  Same(Op::CAST, options, {F({20})}, {I({20})}, 0);
  options.in_data_type = schema::TensorType::INT32;
  options.out_data_type = schema::TensorType::BOOL;
  Same(Op::CAST, options, {I({20})}, {B({20})}, 0);
}

}  // namespace
}  // namespace edgeopt::pipeline::operators
