// Which operators come out, with which options and versions: worked out by hand from TFLite's
// kernels. That they compute the right numbers is tested in tests/pipeline, in LiteRT.
#include "formats/tflite/lower.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "formats/tflite/lower/window.h"

namespace edgeopt::formats::tflite {
namespace {

using schema::ActivationFunctionType;

ir::Model Parse(const std::string& graph, int opset = 17) {
  auto model = ParseText("<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) +
                         ", \"edgeopt.nhwc\" : 1]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(InferTypes(*model).ok());
  return *model;
}

// int16 is quantized to since opset 21.
File Lowered(const std::string& graph, int opset = 17) {
  auto file = Lower(Parse(graph, opset));
  EXPECT_TRUE(file.ok()) << (file.ok() ? "" : file.error().ToString());
  return file.ok() ? *std::move(file) : File{};
}

// "CONV_2D v1, RELU v1".
std::string Operators(const File& file) {
  std::string text;
  for (const auto& op : file.model.subgraphs.front()->operators) {
    const schema::OperatorCodeT& code = *file.model.operator_codes[op->opcode_index];
    text += (text.empty() ? "" : ", ") + OperatorName(code) + " v" + std::to_string(code.version);
  }
  return text;
}

const schema::OperatorT& FirstOperator(const File& file) {
  return *file.model.subgraphs.front()->operators.front();
}

TEST(Lower, ConvTakesTheActivationBehindIt) {
  const File file = Lowered(R"(
g (float[1,4,4,2] x) => (float[1,4,4,3] y)
<float[3,2,1,1] w = {1,2,3,4,5,6}, float zero = {0}, float six = {6}, float[1,4,4,3] a> {
  a = edgeopt.nhwc.Conv(x, w)
  y = Clip(a, zero, six)
})");
  EXPECT_EQ(Operators(file), "CONV_2D v1");
  const auto& options = *FirstOperator(file).builtin_options.AsConv2DOptions();
  EXPECT_EQ(options.fused_activation_function, ActivationFunctionType::RELU6);
  // The input, the weight as [3, 1, 1, 2], a bias of zeros.
  EXPECT_EQ(FirstOperator(file).inputs.size(), 3u);
}

TEST(Lower, AnActivationThatIsReadTwiceStays) {
  EXPECT_EQ(Operators(Lowered(R"(
g (float[4] x, float[4] z) => (float[4] y, float[4] a) {
  a = Add(x, z)
  y = Relu(a)
})")),
            "ADD v1, RELU v1");
}

TEST(Lower, GroupsAreDepthwiseOrVersion6) {
  EXPECT_EQ(Operators(Lowered(R"(
g (float[1,4,4,2] x) => (float[1,4,4,2] y)
<float[2,1,1,1] w = {1,2}> { y = edgeopt.nhwc.Conv<group = 2>(x, w) })")),
            "DEPTHWISE_CONV_2D v1");
  EXPECT_EQ(Operators(Lowered(R"(
g (float[1,4,4,4] x) => (float[1,4,4,2] y)
<float[2,2,1,1] w = {1,2,3,4}> { y = edgeopt.nhwc.Conv<group = 2>(x, w) })")),
            "CONV_2D v6");
}

// DQ - Conv - Q is one int8 operator; uint8 values are int8 ones with a zero point 128 lower.
TEST(Lower, QuantizedConv) {
  const File file = Lowered(R"(
g (float[1,4,4,1] x) => (float[1,4,4,1] y)
<float s = {0.5}, uint8 z = {128}, int8[1,1,1,1] wq = {64}, float[1] ws = {0.25},
 int8[1] wz = {0}, float t = {2}, uint8 u = {3}, float[1,4,4,1] a> {
  xq = QuantizeLinear(x, s, z)
  xd = DequantizeLinear(xq, s, z)
  w = DequantizeLinear<axis = 0>(wq, ws, wz)
  a = edgeopt.nhwc.Conv(xd, w)
  aq = QuantizeLinear(a, t, u)
  y = DequantizeLinear(aq, t, u)
})");
  EXPECT_EQ(Operators(file), "QUANTIZE v1, CONV_2D v3, DEQUANTIZE v2");
  const auto& graph = *file.model.subgraphs.front();
  const auto& conv = *graph.operators[1];
  const auto& output = *graph.tensors[static_cast<size_t>(conv.outputs[0])];
  EXPECT_EQ(output.type, schema::TensorType::INT8);
  EXPECT_EQ(output.quantization->scale, std::vector<float>{2});
  EXPECT_EQ(output.quantization->zero_point, std::vector<int64_t>{3 - 128});
  const auto& bias = *graph.tensors[static_cast<size_t>(conv.inputs[2])];
  EXPECT_EQ(bias.type, schema::TensorType::INT32);
  EXPECT_EQ(bias.quantization->scale, std::vector<float>{0.5f * 0.25f});
}

// The kernel's output has scale 1/256; another one needs a QUANTIZE.
TEST(Lower, FixedOutputScales) {
  const auto sigmoid = [](const std::string& scale) {
    return Operators(Lowered(R"(
g (int8[4] x) => (int8[4] y)
<float s = {0.5}, int8 z = {0}, float t = {)" +
                             scale + R"(}, int8 u = {-128}> {
  xd = DequantizeLinear(x, s, z)
  a = Sigmoid(xd)
  y = QuantizeLinear(a, t, u)
})"));
  };
  EXPECT_EQ(sigmoid("0.00390625"), "LOGISTIC v2");
  EXPECT_EQ(sigmoid("0.01"), "LOGISTIC v2, QUANTIZE v1");
}

// An int8 RESHAPE gives the elements on: another scale needs a QUANTIZE before it.
TEST(Lower, SameScaleOperatorsAreRequantized) {
  const auto reshape = [](const std::string& scale) {
    return Operators(Lowered(R"(
g (int8[4] x) => (int8[2,2] y)
<float s = {0.5}, int8 z = {0}, float t = {)" +
                             scale + R"(}, int64[2] sizes = {2, 2}> {
  xd = DequantizeLinear(x, s, z)
  a = Reshape(xd, sizes)
  y = QuantizeLinear(a, t, z)
})"));
  };
  EXPECT_EQ(reshape("0.5"), "RESHAPE v1");
  EXPECT_EQ(reshape("0.25"), "QUANTIZE v1, RESHAPE v1");
}

// 6 of scale 0.25 is 12 of 0.5 * 0.25.
TEST(Lower, ABiasOfAnotherScaleIsConverted) {
  const File file = Lowered(R"(
g (int8[1,2] x) => (int8[1,1] y)
<float s = {0.5}, int8 z = {0}, int8[1,2] wq = {64, 1}, float[1] ws = {0.25}, int8[1] wz = {0},
 int32[1] bq = {6}, float bs = {0.25}, int32 bz = {0}, float t = {2}> {
  xd = DequantizeLinear(x, s, z)
  w = DequantizeLinear<axis = 0>(wq, ws, wz)
  b = DequantizeLinear(bq, bs, bz)
  a = Gemm<transB = 1>(xd, w, b)
  y = QuantizeLinear(a, t, z)
})");
  ASSERT_EQ(Operators(file), "FULLY_CONNECTED v4");
  const auto& graph = *file.model.subgraphs.front();
  const auto& bias = *graph.tensors[static_cast<size_t>(FirstOperator(file).inputs[2])];
  const Buffer& data = file.buffers[bias.buffer];
  ASSERT_EQ(data.size(), sizeof(int32_t));
  EXPECT_EQ(*reinterpret_cast<const int32_t*>(data.data()), 12);
}

// Beside int16 data: the bias 3 of scale 0.5 * 0.25 is 24, as int64; the Relu is the operator's.
TEST(Lower, Int16Conv) {
  const File file = Lowered(R"(
g (float[1,4,4,1] x) => (float[1,4,4,1] y)
<float s = {0.5}, int16 z = {0}, int8[1,1,1,1] wq = {64}, float[1] ws = {0.25}, int8[1] wz = {0},
 float[1] b = {3}, float t = {2}, float[1,4,4,1] a> {
  xq = QuantizeLinear(x, s, z)
  xd = DequantizeLinear(xq, s, z)
  w = DequantizeLinear<axis = 0>(wq, ws, wz)
  a = edgeopt.nhwc.Conv(xd, w, b)
  r = Relu(a)
  rq = QuantizeLinear(r, t, z)
  y = DequantizeLinear(rq, t, z)
})",
                            21);
  ASSERT_EQ(Operators(file), "QUANTIZE v2, CONV_2D v4, DEQUANTIZE v3");
  const auto& graph = *file.model.subgraphs.front();
  const auto& conv = *graph.operators[1];
  EXPECT_EQ(conv.builtin_options.AsConv2DOptions()->fused_activation_function,
            ActivationFunctionType::RELU);
  const auto& output = *graph.tensors[static_cast<size_t>(conv.outputs[0])];
  EXPECT_EQ(output.type, schema::TensorType::INT16);
  EXPECT_EQ(output.quantization->scale, std::vector<float>{2});
  EXPECT_EQ(graph.tensors[static_cast<size_t>(conv.inputs[1])]->type, schema::TensorType::INT8);
  const auto& bias = *graph.tensors[static_cast<size_t>(conv.inputs[2])];
  EXPECT_EQ(bias.type, schema::TensorType::INT64);
  EXPECT_EQ(bias.quantization->scale, std::vector<float>{0.5f * 0.25f});
  EXPECT_EQ(*reinterpret_cast<const int64_t*>(file.buffers[bias.buffer].data()), 24);
}

// 1024 of scale 2^-15 * 2^-7 is 2^32.
TEST(Lower, AnInt64BiasGoesBeyond32Bits) {
  const File file = Lowered(R"(
g (int16[1,2] x) => (int16[1,1] y)
<float s = {0.000030517578125}, int16 z = {0}, int8[1,2] wq = {64, 1}, float[1] ws = {0.0078125},
 int8[1] wz = {0}, float[1] b = {1024}, float t = {2}> {
  xd = DequantizeLinear(x, s, z)
  w = DequantizeLinear<axis = 0>(wq, ws, wz)
  a = Gemm<transB = 1>(xd, w, b)
  y = QuantizeLinear(a, t, z)
})",
                            21);
  ASSERT_EQ(Operators(file), "FULLY_CONNECTED v7");
  const auto& graph = *file.model.subgraphs.front();
  const auto& bias = *graph.tensors[static_cast<size_t>(FirstOperator(file).inputs[2])];
  ASSERT_EQ(file.buffers[bias.buffer].size(), sizeof(int64_t));
  EXPECT_EQ(*reinterpret_cast<const int64_t*>(file.buffers[bias.buffer].data()), int64_t{1} << 32);
}

// The kernel's int16 output has scale 2^-15.
TEST(Lower, FixedInt16OutputScales) {
  const auto sigmoid = [](const std::string& scale) {
    return Operators(Lowered(R"(
g (int16[4] x) => (int16[4] y)
<float s = {0.5}, int16 z = {0}, float t = {)" +
                                 scale + R"(}> {
  xd = DequantizeLinear(x, s, z)
  a = Sigmoid(xd)
  y = QuantizeLinear(a, t, z)
})",
                             21));
  };
  EXPECT_EQ(sigmoid("0.000030517578125"), "LOGISTIC v3");
  EXPECT_EQ(sigmoid("0.01"), "LOGISTIC v3, QUANTIZE v2");
}

// The kernel for scales that are powers of two is another one, and what the option's default means.
TEST(Lower, Int16SumsHaveAnyScale) {
  const File file = Lowered(R"(
g (int16[4] x) => (int16[4] y)
<float s = {0.5}, int16 z = {0}, float t = {2}> {
  xd = DequantizeLinear(x, s, z)
  a = Add(xd, xd)
  y = QuantizeLinear(a, t, z)
})",
                            21);
  ASSERT_EQ(Operators(file), "ADD v3");
  EXPECT_FALSE(FirstOperator(file).builtin_options.AsAddOptions()->pot_scale_int16);
}

// One kernel has one type, and some have no int16.
TEST(Lower, WhatHasNoInt16KernelComputesInFloat) {
  EXPECT_EQ(Operators(Lowered(R"(
g (int8[4] x) => (int16[4] y)
<float s = {0.5}, int8 z = {0}, float t = {2}, int16 u = {0}> {
  xd = DequantizeLinear(x, s, z)
  a = Relu(xd)
  y = QuantizeLinear(a, t, u)
})",
                              21)),
            "DEQUANTIZE v2, RELU v1, QUANTIZE v2");
  EXPECT_EQ(Operators(Lowered(R"(
g (int16[4] x) => (int16[1] y)
<float s = {0.5}, int16 z = {0}, float t = {2}, int64[1] axes = {0}> {
  xd = DequantizeLinear(x, s, z)
  a = ReduceSum(xd, axes)
  y = QuantizeLinear(a, t, z)
})",
                              21)),
            "DEQUANTIZE v3, SUM v1, QUANTIZE v2");
}

TEST(Lower, Int16HasNoZeroPoint) {
  const auto file = Lower(Parse(R"(
g (float[4] x) => (float[4] y)
<float s = {0.5}, int16 z = {5}> {
  q = QuantizeLinear(x, s, z)
  y = DequantizeLinear(q, s, z)
})",
                                21));
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(file.error().message.find("int16 with the zero point 5"), std::string::npos)
      << file.error().message;
}

// The largest float16 is 65504.
TEST(Lower, WeightsBeyondFloat16StayFloat) {
  const auto add = [](const std::string& number) {
    LowerOptions options;
    options.float16_from_elements = 1;
    return Operators(Lower(Parse(R"(
g (float[2] x) => (float[2] y) <float[2] w = {1, )" +
                                 number + R"(}> { y = Add(x, w) })"),
                           options)
                         .value());
  };
  EXPECT_EQ(add("65504"), "DEQUANTIZE v3, ADD v1");
  EXPECT_EQ(add("70000"), "ADD v1");
}

TEST(Lower, NamesAllThatItCant) {
  const auto file = Lower(Parse(R"(
g (float[4] x) => (float[4] y, float[4] z) {
  y = RandomNormalLike(x)
  z = Bernoulli(x)
})"));
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(file.error().message.find("2 nodes can't be converted"), std::string::npos)
      << file.error().message;
  EXPECT_NE(file.error().message.find("(RandomNormalLike)"), std::string::npos);
  EXPECT_NE(file.error().message.find("(Bernoulli)"), std::string::npos);
}

}  // namespace

namespace lower {
namespace {

Padding Choose(WindowAxis axis) { return ChoosePadding({{axis, axis}, false, false}).value(); }

// TFLite's SAME puts the odd element at the end, ONNX's pads say where.
TEST(ChoosePadding, OfThreeByThree) {
  WindowAxis axis{.kernel = 3, .stride = 1, .dilation = 1, .begin = 1, .end = 1, .in = 8, .out = 8};
  EXPECT_EQ(Choose(axis).padding, schema::Padding::SAME);
  EXPECT_TRUE(Choose(axis).explicit_pads.empty());
  // Stride 2 of an even size: SAME would pad one element, at the end; the model pads at the start.
  axis.stride = 2;
  axis.out = 4;
  const Padding padding = Choose(axis);
  EXPECT_EQ(padding.padding, schema::Padding::VALID);
  EXPECT_EQ(padding.explicit_pads, (std::vector<std::pair<int64_t, int64_t>>{{1, 0}, {1, 0}}));
  // Of an odd size it pads one at both ends.
  axis.in = 7;
  EXPECT_EQ(Choose(axis).padding, schema::Padding::SAME);
}

TEST(ChoosePadding, OfUnknownSizes) {
  const WindowAxis same{.kernel = 5, .stride = 1, .dilation = 1, .begin = 2, .end = 2};
  EXPECT_EQ(Choose(same).padding, schema::Padding::SAME);
  const WindowAxis strided{.kernel = 3, .stride = 2, .dilation = 1, .begin = 1, .end = 1};
  EXPECT_EQ(Choose(strided).explicit_pads,
            (std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {1, 1}}));
}

}  // namespace
}  // namespace lower
}  // namespace edgeopt::formats::tflite
