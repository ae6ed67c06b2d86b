// Every TFLite operator that is raised: a file of it alone, run in LiteRT, against its ONNX form in
// ONNX Runtime.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "formats/tflite/lower/file_builder.h"
#include "pipeline/from_tflite.h"
#include "support/litert.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

using formats::tflite::lower::FileBuilder;
using formats::tflite::lower::Op;
using formats::tflite::lower::Quantization;
using formats::tflite::lower::TensorIndex;
using ir::DataType;
using ir::Dims;
using ir::Tensor;
namespace schema = formats::tflite::schema;
using schema::ActivationFunctionType;
using schema::Padding;

// A tensor of the operator.
struct Operand {
  Dims dims;
  DataType type = DataType::kFloat32;
  std::optional<Tensor> constant;
  std::optional<Quantization> quantization;
};

Operand F(Dims dims) { return {std::move(dims)}; }
Operand I(Dims dims, DataType type = DataType::kInt32) { return {std::move(dims), type}; }
Operand B(Dims dims) { return {std::move(dims), DataType::kBool}; }
// int8, one scale for all.
Operand Q(Dims dims, float scale = 0.05f, int64_t zero_point = 3) {
  return {std::move(dims), DataType::kInt8, {}, Quantization{{scale}, {zero_point}}};
}

template <typename T>
Operand Const(Dims dims, const std::vector<T>& values) {
  return {dims, ir::DataTypeOf<T>(), Tensor::Of(dims, values)};
}
Operand Ints(const std::vector<int32_t>& values) {
  return Const<int32_t>({static_cast<int64_t>(values.size())}, values);
}
Operand Int(int32_t value) { return Const<int32_t>({}, {value}); }

std::mt19937& Random() {
  static std::mt19937 random(11);
  return random;
}

std::vector<float> Numbers(size_t count) {
  std::vector<float> numbers(count);
  for (float& number : numbers) number = std::normal_distribution<float>()(Random());
  return numbers;
}

Operand Weights(const Dims& dims) {
  return Const<float>(dims, Numbers(static_cast<size_t>(*ir::ElementCount(dims))));
}

Tensor RandomTensor(DataType type, const Dims& dims) {
  const auto count = static_cast<size_t>(*ir::ElementCount(dims));
  const auto integers = [&]<typename T>(int low, int high, T) {
    std::vector<T> numbers(count);
    for (T& number : numbers)
      number = static_cast<T>(low + static_cast<int>(Random()() % static_cast<unsigned>(high - low)));
    return Tensor::Of(dims, numbers);
  };
  switch (type) {
    case DataType::kInt8:
      return integers(-128, 128, int8_t{});
    case DataType::kUint8:
      return integers(0, 256, uint8_t{});
    case DataType::kInt16:
      return integers(-3000, 3000, int16_t{});
    case DataType::kInt32:
      return integers(-4, 5, int32_t{});
    case DataType::kInt64:
      return integers(-4, 5, int64_t{});
    case DataType::kBool: {
      auto made = Tensor::Make(DataType::kBool, dims, integers(0, 2, uint8_t{}).data());
      return *made;
    }
    default:
      return Tensor::Of(dims, Numbers(count));
  }
}

// Of integers: a value between two steps may go either way.
constexpr double kOneStep = 1;

class Case {
 public:
  template <typename Options>
  Case(Op op, const Options& options, const std::vector<Operand>& inputs,
       const std::vector<Operand>& outputs) {
    const auto in = Inputs(inputs), out = Outputs(outputs);
    file_.Add(op, in, out, options);
    Finish(op);
  }
  Case(Op op, const std::vector<Operand>& inputs, const std::vector<Operand>& outputs) {
    const auto in = Inputs(inputs), out = Outputs(outputs);
    file_.Add(op, in, out);
    Finish(op);
  }

  // LiteRT's plain kernels: what XNNPACK rounds otherwise is no question here.
  void Expect(double tolerance) {
    const auto bytes = formats::tflite::SerializeTflite(built_);
    ASSERT_TRUE(bytes.ok()) << name_ << ": " << bytes.error().ToString();
    runtimes::SessionOptions session;
    session.kernels = runtimes::KernelMode::kReference;
    const auto litert = testing::LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), session);
    ASSERT_TRUE(litert.ok()) << name_ << ": " << litert.error().ToString();
    const auto expected = (*litert)->Run(fed_);
    ASSERT_TRUE(expected.ok()) << name_ << ": " << expected.error().ToString();
    const auto raised = RaiseModel(built_, {}, *testing::OnnxRuntime(), SilentSink(), nullptr);
    ASSERT_TRUE(raised.ok()) << name_ << ": " << raised.error().ToString();
    const std::string where = name_ + "\n" + formats::PrintText(raised->model);
    const auto found = testing::RunModel(raised->model, fed_, runtimes::GraphOptimization::kNone);
    ASSERT_TRUE(found.ok()) << where << found.error().ToString();
    const auto difference = testing::Compare(*expected, *found);
    EXPECT_EQ(difference.mismatch, "") << where;
    const bool steps = tolerance >= kOneStep;
    EXPECT_LE(steps ? difference.max_abs : std::min(difference.max_abs, difference.max_rel),
              tolerance)
        << where;
  }

 private:
  TensorIndex Add(const Operand& operand, const std::string& name) {
    const Quantization* quantization = operand.quantization ? &*operand.quantization : nullptr;
    return operand.constant ? *file_.AddConstant(name, *operand.constant, quantization)
                            : *file_.AddTensor(name, operand.type, ir::ToShape(operand.dims),
                                               quantization);
  }

  std::vector<TensorIndex> Inputs(const std::vector<Operand>& inputs) {
    std::vector<TensorIndex> indices;
    std::vector<std::pair<std::string, TensorIndex>> named;
    for (const Operand& input : inputs) {
      const std::string name = "x" + std::to_string(indices.size());
      indices.push_back(Add(input, name));
      if (input.constant) continue;
      named.emplace_back(name, indices.back());
      fed_.push_back(RandomTensor(input.type, input.dims));
      fed_.back().name = name;
    }
    file_.SetInputs(named);
    return indices;
  }

  std::vector<TensorIndex> Outputs(const std::vector<Operand>& outputs) {
    std::vector<TensorIndex> indices;
    std::vector<std::pair<std::string, TensorIndex>> named;
    for (const Operand& output : outputs) {
      const std::string name = "y" + std::to_string(indices.size());
      indices.push_back(Add(output, name));
      named.emplace_back(name, indices.back());
    }
    file_.SetOutputs(named);
    return indices;
  }

  void Finish(Op op) {
    name_ = formats::tflite::OperatorName(op);
    built_ = std::move(file_).Finish();
  }

  FileBuilder file_{"test"};
  formats::tflite::File built_;
  std::vector<Tensor> fed_;
  std::string name_;
};

constexpr double kFloat = 1e-5;

template <typename Options>
void Same(Op op, const Options& options, const std::vector<Operand>& inputs,
          const std::vector<Operand>& outputs, double tolerance = kFloat) {
  Case(op, options, inputs, outputs).Expect(tolerance);
}
void Same(Op op, const std::vector<Operand>& inputs, const std::vector<Operand>& outputs,
          double tolerance = kFloat) {
  Case(op, inputs, outputs).Expect(tolerance);
}

// --- convolutions ---

schema::Conv2DOptionsT Conv(Padding padding, int stride, int dilation = 1,
                            ActivationFunctionType activation = ActivationFunctionType::NONE) {
  schema::Conv2DOptionsT options;
  options.padding = padding;
  options.stride_h = options.stride_w = stride;
  options.dilation_h_factor = options.dilation_w_factor = dilation;
  options.fused_activation_function = activation;
  return options;
}

TEST(RaiseOperators, Conv2d) {
  const Operand x = F({2, 7, 6, 4}), bias = Weights({3});
  Same(Op::CONV_2D, Conv(Padding::SAME, 2), {x, Weights({3, 3, 3, 4}), bias}, {F({2, 4, 3, 3})});
  Same(Op::CONV_2D, Conv(Padding::SAME, 1, 2), {x, Weights({3, 3, 2, 4}), bias},
       {F({2, 7, 6, 3})});
  Same(Op::CONV_2D, Conv(Padding::VALID, 1, 1, ActivationFunctionType::RELU6),
       {x, Weights({3, 3, 3, 4}), bias}, {F({2, 5, 4, 3})});
  Same(Op::CONV_2D, Conv(Padding::VALID, 1, 1, ActivationFunctionType::TANH),
       {x, Weights({3, 1, 1, 4}), bias}, {F({2, 7, 6, 3})});
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
  Same(Op::FULLY_CONNECTED, options, {F({3, 1, 2, 4}), Weights({5, 4}), Weights({5})},
       {F({6, 5})});
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
  Same(Op::BATCH_MATMUL, options, {F({2, 4, 3}), F({1, 5, 4})}, {F({2, 3, 5})});
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
  for (const Op op : {Op::MAXIMUM, Op::MINIMUM, Op::SQUARED_DIFFERENCE, Op::FLOOR_DIV,
                      Op::FLOOR_MOD})
    Same(op, {x, y}, {x});
  Same(Op::ATAN2, {x, x}, {x});
  Same(Op::POW, {x, Const<float>({1}, {2})}, {x});
  for (const Op op : {Op::EQUAL, Op::NOT_EQUAL, Op::LESS, Op::LESS_EQUAL, Op::GREATER,
                      Op::GREATER_EQUAL}) {
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
  Same(Op::WHERE, {B({3, 4})}, {I({1, 2}, DataType::kInt64)}, 0);
}

TEST(RaiseOperators, Cast) {
  schema::CastOptionsT options;
  options.out_data_type = schema::TensorType::INT32;
  Same(Op::CAST, options, {F({20})}, {I({20})}, 0);
  options.in_data_type = schema::TensorType::INT32;
  options.out_data_type = schema::TensorType::BOOL;
  Same(Op::CAST, options, {I({20})}, {B({20})}, 0);
}

// --- shapes ---

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
  Same(Op::TRANSPOSE, schema::TransposeOptionsT{}, {F({2, 3, 4}), Ints({2, 0, 1})},
       {F({4, 2, 3})});
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
  Same(Op::SLICE, schema::SliceOptionsT{}, {F({4, 5}), Ints({1, 2}), Ints({2, -1})},
       {F({2, 3})});
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
  Same(Op::GATHER, gather, {F({2, 3, 4}), Const<int32_t>({2, 2}, {2, 0, 1, 1})},
       {F({2, 2, 4})});
  Same(Op::GATHER_ND, schema::GatherNdOptionsT{},
       {F({2, 3, 4}), Const<int32_t>({2, 2}, {1, 2, 0, 0})}, {F({2, 4})});
  Same(Op::SCATTER_ND, schema::ScatterNdOptionsT{},
       {Const<int32_t>({3, 1}, {1, 4, 1}), F({3, 2}), Ints({5, 2})}, {F({5, 2})});
  Same(Op::EMBEDDING_LOOKUP, {Ints({2, 0, 1}), Weights({3, 4})}, {F({3, 4})});
  schema::OneHotOptionsT one_hot;
  for (const int axis : {-1, 0, 1}) {
    one_hot.axis = axis;
    const Dims dims = axis == 0 ? Dims{4, 6, 2} : axis == 1 ? Dims{6, 4, 2} : Dims{6, 2, 4};
    Same(Op::ONE_HOT, one_hot,
         {I({6, 2}), Int(4), Const<float>({}, {5}), Const<float>({}, {-1})}, {F(dims)});
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

// --- quantized ---

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
  Same(Op::PAD, schema::PadOptionsT{},
       {x, Const<int32_t>({4, 2}, {0, 0, 1, 1, 1, 0, 0, 0})}, {Q({2, 5, 5, 5})}, 0);
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

TEST(RaiseOperators, FakeQuant) {
  schema::FakeQuantOptionsT options;
  options.min = -1.3f;
  options.max = 2.1f;
  options.num_bits = 8;
  Same(Op::FAKE_QUANT, options, {F({50})}, {F({50})}, 1e-5);
}

}  // namespace
}  // namespace edgeopt::pipeline
