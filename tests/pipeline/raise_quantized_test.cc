// Quantized TFLite operators, raised into ONNX.
#include "pipeline/one_operator.h"

namespace edgeopt::pipeline::operators {
namespace {

// int8 weights, a scale per index of `axis`.
Operand Int8Weights(const Dims& dims, int32_t axis) {
  const Tensor values = RandomTensor(DataType::kInt8, dims);
  Quantization quantization{{}, {}, axis};
  for (int64_t i = 0; i < dims[static_cast<size_t>(axis)]; ++i) {
    quantization.scales.push_back(0.01f + 0.002f * static_cast<float>(i));
    quantization.zero_points.push_back(0);
  }
  return {dims, DataType::kInt8, values, quantization};
}

Operand Int32Bias(const Operand& input, const Operand& weights) {
  const auto& scales = weights.quantization->scales;
  Quantization quantization{{}, {}, 0};
  std::vector<int32_t> values;
  for (size_t i = 0; i < scales.size(); ++i) {
    quantization.scales.push_back(scales[i] * input.quantization->scales[0]);
    quantization.zero_points.push_back(0);
    values.push_back(static_cast<int32_t>(100 * i) - 150);
  }
  const Dims dims = {static_cast<int64_t>(values.size())};
  return {dims, DataType::kInt32, Tensor::Of(dims, values), quantization};
}

TEST(RaiseOperators, QuantizedConvolutions) {
  const Operand x = Q({1, 7, 6, 4}, 0.02f);
  const Operand weights = Int8Weights({3, 3, 3, 4}, 0);
  Same(Op::CONV_2D, Conv(Padding::SAME, 2, 1, ActivationFunctionType::RELU6),
       {x, weights, Int32Bias(x, weights)}, {Q({1, 4, 3, 3}, 0.05f, -100)}, kOneStep);
  schema::DepthwiseConv2DOptionsT depthwise;
  depthwise.stride_h = depthwise.stride_w = 1;
  depthwise.depth_multiplier = 1;
  const Operand each = Int8Weights({1, 3, 3, 4}, 3);
  Same(Op::DEPTHWISE_CONV_2D, depthwise, {x, each, Int32Bias(x, each)}, {Q({1, 7, 6, 4}, 0.1f)},
       kOneStep);
  Operand dense = Int8Weights({1, 24}, 0);
  dense.dims = {5, 24};
  dense.constant = RandomTensor(DataType::kInt8, dense.dims);
  const Operand row = Q({2, 24});
  Same(Op::FULLY_CONNECTED, schema::FullyConnectedOptionsT{}, {row, dense}, {Q({2, 5}, 0.2f)},
       kOneStep);
}

TEST(RaiseOperators, QuantizedOthers) {
  const Operand x = Q({2, 3, 4, 5}), y = Q({2, 3, 4, 5}, 0.03f, -7);
  Same(Op::ADD, schema::AddOptionsT{}, {x, y}, {Q({2, 3, 4, 5}, 0.07f)}, kOneStep);
  Same(Op::MUL, schema::MulOptionsT{}, {x, y}, {Q({2, 3, 4, 5}, 0.2f)}, kOneStep);
  Same(Op::LOGISTIC, {x}, {Q({2, 3, 4, 5}, 1.0f / 256, -128)}, kOneStep);
  schema::SoftmaxOptionsT softmax;
  softmax.beta = 1;
  Same(Op::SOFTMAX, softmax, {x}, {Q({2, 3, 4, 5}, 1.0f / 256, -128)}, kOneStep);
  Same(Op::RESHAPE, schema::ReshapeOptionsT{}, {x, Ints({6, 20})}, {Q({6, 20})}, 0);
  schema::ConcatenationOptionsT concat;
  concat.axis = 3;
  Same(Op::CONCATENATION, concat, {x, x}, {Q({2, 3, 4, 10})}, 0);
  Same(Op::PAD, schema::PadOptionsT{}, {x, Const<int32_t>({4, 2}, {0, 0, 1, 1, 1, 0, 0, 0})},
       {Q({2, 5, 5, 5})}, 0);
  schema::ReducerOptionsT mean;
  Same(Op::MEAN, mean, {x, Ints({1, 2})}, {Q({2, 5}, 0.02f)}, kOneStep);
  schema::Pool2DOptionsT pool;
  pool.stride_h = pool.stride_w = pool.filter_height = pool.filter_width = 2;
  Same(Op::MAX_POOL_2D, pool, {x}, {Q({2, 2, 2, 5})}, 0);
  Same(Op::QUANTIZE, schema::QuantizeOptionsT{}, {F({30})}, {Q({30})}, kOneStep);
  Same(Op::QUANTIZE, schema::QuantizeOptionsT{}, {Q({30})}, {Q({30}, 0.1f, -5)}, kOneStep);
  Same(Op::DEQUANTIZE, schema::DequantizeOptionsT{}, {Q({30})}, {F({30})});
}

TEST(RaiseOperators, Uint8AndInt16) {
  const auto with = [](Dims dims, DataType type, float scale, int64_t zero_point) {
    return Operand{std::move(dims), type, {}, Quantization{{scale}, {zero_point}}};
  };
  const Operand x = with({2, 12}, DataType::kUint8, 0.05f, 120);
  Same(Op::ADD, schema::AddOptionsT{}, {x, x}, {with({2, 12}, DataType::kUint8, 0.1f, 128)},
       kOneStep);
  const Operand wide = with({2, 12}, DataType::kInt16, 0.001f, 0);
  schema::AddOptionsT add;
  add.pot_scale_int16 = false;
  Same(Op::ADD, add, {wide, wide}, {with({2, 12}, DataType::kInt16, 0.002f, 0)}, kOneStep);
  Same(Op::QUANTIZE, schema::QuantizeOptionsT{}, {F({30})},
       {with({30}, DataType::kInt16, 0.001f, 0)}, kOneStep);
}

// int16, zero point 0.
Operand Wide(Dims dims, float scale) {
  return {std::move(dims), DataType::kInt16, {}, Quantization{{scale}, {0}}};
}

Operand Int64Bias(const Operand& input, const Operand& weights) {
  Operand bias = Int32Bias(input, weights);
  std::vector<int64_t> values;
  for (const int32_t value : bias.constant->as<int32_t>()) values.push_back(int64_t{1000} * value);
  bias.type = DataType::kInt64;
  bias.constant = Tensor::Of(bias.dims, values);
  return bias;
}

TEST(RaiseOperators, Int16Products) {
  const Operand x = Wide({1, 7, 6, 4}, 0.001f);
  const Operand weights = Int8Weights({3, 3, 3, 4}, 0);
  Same(Op::CONV_2D, Conv(Padding::SAME, 2, 1, ActivationFunctionType::RELU6),
       {x, weights, Int64Bias(x, weights)}, {Wide({1, 4, 3, 3}, 0.005f)}, kOneStep);
  schema::DepthwiseConv2DOptionsT depthwise;
  depthwise.stride_h = depthwise.stride_w = 1;
  depthwise.depth_multiplier = 1;
  const Operand each = Int8Weights({1, 3, 3, 4}, 3);
  Same(Op::DEPTHWISE_CONV_2D, depthwise, {x, each, Int64Bias(x, each)},
       {Wide({1, 7, 6, 4}, 0.005f)}, kOneStep);
  Operand dense = Int8Weights({5, 24}, 0);
  const Operand row = Wide({2, 24}, 0.001f);
  Same(Op::FULLY_CONNECTED, schema::FullyConnectedOptionsT{}, {row, dense, Int64Bias(row, dense)},
       {Wide({2, 5}, 0.005f)}, kOneStep);
}

// Tables of 513 points with lines between them: exp and 1 / (1 + x) are off by 5e-5, two steps of
// the output each.
constexpr double kTableSteps = 8;

TEST(RaiseOperators, Int16Others) {
  const Operand x = Wide({2, 3, 4, 5}, 0.001f);
  const Dims dims = {2, 3, 4, 5};
  schema::SubOptionsT sub;
  sub.pot_scale_int16 = false;
  Same(Op::SUB, sub, {x, Wide(dims, 0.0007f)}, {Wide(dims, 0.002f)}, kOneStep);
  Same(Op::MUL, schema::MulOptionsT{}, {x, x}, {Wide(dims, 0.002f)}, kOneStep);
  schema::LeakyReluOptionsT leaky;
  leaky.alpha = 0.1f;
  Same(Op::LEAKY_RELU, leaky, {x}, {Wide(dims, 0.001f)}, kOneStep);
  Same(Op::RELU, {x}, {Wide(dims, 0.002f)}, kOneStep);
  const Operand fixed = Wide(dims, 1.0f / 32768);
  Same(Op::LOGISTIC, {x}, {fixed}, kTableSteps);
  Same(Op::TANH, {x}, {fixed}, kTableSteps);
  schema::SoftmaxOptionsT softmax;
  softmax.beta = 1;
  Same(Op::SOFTMAX, softmax, {x}, {fixed}, kTableSteps);
  Same(Op::MEAN, schema::ReducerOptionsT{}, {x, Ints({1, 2})}, {Wide({2, 5}, 0.001f)}, kOneStep);
  schema::Pool2DOptionsT pool;
  pool.stride_h = pool.stride_w = pool.filter_height = pool.filter_width = 2;
  Same(Op::MAX_POOL_2D, pool, {x}, {Wide({2, 2, 2, 5}, 0.001f)}, 0);
  Same(Op::AVERAGE_POOL_2D, pool, {x}, {Wide({2, 2, 2, 5}, 0.001f)}, kOneStep);
  Same(Op::DEQUANTIZE, schema::DequantizeOptionsT{}, {Wide({30}, 0.001f)}, {F({30})});
}

TEST(RaiseOperators, FakeQuant) {
  schema::FakeQuantOptionsT options;
  options.min = -1.3f;
  options.max = 2.1f;
  options.num_bits = 8;
  Same(Op::FAKE_QUANT, options, {F({50})}, {F({50})}, 1e-5);
}

}  // namespace
}  // namespace edgeopt::pipeline::operators
