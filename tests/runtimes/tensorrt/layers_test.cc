#include "runtimes/tensorrt/layers.h"

#include <gtest/gtest.h>

namespace edgeopt::runtimes::tensorrt {
namespace {

using ir::DataType;

// The shape of what 8.x writes (engine explorer, resnet-qat-residual): no metadata, long formats.
constexpr std::string_view k8 = R"({"Layers": [
{"Name": "QuantizeLinear_2", "LayerType": "Reformat",
 "Inputs": [{"Name": "x", "Location": "Device", "Dimensions": [1, 3, 8, 8], "Format/Datatype": "Row major linear FP32"}],
 "Outputs": [{"Name": "q", "Location": "Device", "Dimensions": [1, 3, 8, 8], "Format/Datatype": "Row major Int8 format"}],
 "ParameterType": "Reformat", "Origin": "QDQ", "TacticValue": "0x00000000000003ea"},
{"Name": "conv1.weight + QuantizeLinear_7 + Conv_9 + MaxPool_12", "LayerType": "ConvActPool",
 "Inputs": [{"Name": "q", "Location": "Device", "Dimensions": [1, 3, 8, 8], "Format/Datatype": "Row major Int8 format"}],
 "Outputs": [{"Name": "a", "Location": "Device", "Dimensions": [1, 8, 4, 4], "Format/Datatype": "Thirty-two wide channel vectorized row major Int8 format"}],
 "ParameterType": "ConvActPool", "ConvWeights": {"Type": "Int8", "Count": 9408}, "ConvBias": {"Type": "Float", "Count": 64}, "TacticValue": "0x0000000000000461"},
{"Name": "Conv_22 + Relu_23", "LayerType": "CaskConvolution",
 "Inputs": [{"Name": "a", "Location": "Device", "Dimensions": [1, 8, 4, 4], "Format/Datatype": "Channel major FP16 format where channel % 8 == 0"}],
 "Outputs": [{"Name": "y", "Location": "Device", "Dimensions": [1, 8, 4, 4], "Format/Datatype": "Row major linear FP32"}],
 "ParameterType": "Convolution", "Weights": {"Type": "Half", "Count": 36864},
 "TacticName": "sm80_xmma_fprop_implicit_gemm_f16f16_f16f16_f16_nhwckrsc_nhwc_tilesize128x128x32"}
],
"Bindings": ["x", "y"]})";

TEST(ParseLayers, ReadsPrecisionsOf8x) {
  const auto layers = ParseLayers(k8);
  ASSERT_TRUE(layers.ok()) << layers.error().ToString();
  ASSERT_EQ(layers->size(), 3u);
  EXPECT_EQ((*layers)[0].kind, "Reformat");
  EXPECT_EQ((*layers)[0].inputs[0].type, DataType::kFloat32);
  EXPECT_EQ((*layers)[0].outputs[0].type, DataType::kInt8);
  EXPECT_EQ((*layers)[1].precision, DataType::kInt8);
  EXPECT_EQ((*layers)[1].outputs[0].type, DataType::kInt8);
  EXPECT_EQ((*layers)[1].onnx_nodes,
            (std::vector<std::string>{"conv1.weight", "QuantizeLinear_7", "Conv_9", "MaxPool_12"}));
  EXPECT_EQ((*layers)[2].precision, DataType::kFloat16);
}

// What 10.x writes: metadata, and formats of one word (trex/activations.py: "kgen formats").
std::string ModernLayer(const std::string& metadata, const std::string& input,
                        const std::string& more = "") {
  return R"({"Name": "__myl_Fc_myl0_1", "LayerType": "gemm", "Inputs": [{"Name": "a", "Dimensions": [1, 8], "Format/Datatype": ")" +
         input +
         R"("}], "Outputs": [{"Name": "b", "Dimensions": [1, 8], "Format/Datatype": "Half"}], )" +
         more + R"("StreamId": 0, "Metadata": ")" + metadata + "\"}";
}

std::vector<Layer> Modern(const std::string& layer) {
  const auto layers = ParseLayers("{\"Layers\": [" + layer + "], \"Bindings\": []}");
  EXPECT_TRUE(layers.ok());
  return layers.ok() ? *layers : std::vector<Layer>(1);
}

TEST(ParseLayers, ReadsMetadataOf10x) {
  const auto layers = Modern(ModernLayer(
      R"([ONNX Layer: /fc/MatMul]\u001e[ONNX Layer: a[0] b]\u001f[ONNX Layer: c])", "Int8"));
  EXPECT_EQ(layers[0].onnx_nodes, (std::vector<std::string>{"/fc/MatMul", "a[0] b", "c"}));
  EXPECT_EQ(layers[0].precision, DataType::kInt8);
  EXPECT_EQ(layers[0].outputs[0].type, DataType::kFloat16);
}

TEST(ParseLayers, ReadsTheWordsForTypes) {
  const auto type = [](const std::string& format) {
    return Modern(ModernLayer("", format))[0].inputs[0].type;
  };
  EXPECT_EQ(type("Half(64,1:8,...)"), DataType::kFloat16);
  EXPECT_EQ(type("Float"), DataType::kFloat32);
  EXPECT_EQ(type("FP8"), DataType::kFloat8E4M3FN);
  EXPECT_EQ(type("BFloat16"), DataType::kBfloat16);
  EXPECT_EQ(type("Channel major INT8 format where column stride % 32 == 0"), DataType::kInt8);
  EXPECT_EQ(type("Row major linear UInt8 format"), DataType::kUint8);
  EXPECT_EQ(type("N/A due to dynamic shapes"), std::nullopt);
  EXPECT_EQ(type("FP16ish"), std::nullopt);
}

TEST(ParseLayers, BelievesWeightsThenTheKernelThenTheInput) {
  // Quantized input, but weights and kernel are float.
  EXPECT_EQ(
      Modern(ModernLayer("", "Int8",
                         R"("Weights": {"Type": "Float"}, "TacticName": "x_i8i8_i8i32_f32", )"))[0]
          .precision,
      DataType::kFloat32);
  // With dynamic shapes the formats are not said; the kernel's name is.
  EXPECT_EQ(Modern(ModernLayer("", "N/A due to dynamic shapes",
                               R"("TacticName": "sm80_xmma_gemm_i8i8_i8i32_f32_tn", )"))[0]
                .precision,
            DataType::kInt8);
  EXPECT_EQ(Modern(ModernLayer("", "N/A due to dynamic shapes"))[0].precision, std::nullopt);
}

// What issue 4020 of NVIDIA/TensorRT shows: without detailed verbosity there are only names.
TEST(ParseLayers, AsksForTheDetailsThatAnEngineWasBuiltWithout) {
  const auto layers = ParseLayers(R"({"Layers": ["resnetv15_conv0_fwd"
,"resnetv15_stage1_conv0_fwd"],
"Bindings": ["data"]})");
  ASSERT_FALSE(layers.ok());
  EXPECT_EQ(layers.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(layers.error().hint.find("profilingVerbosity=detailed"), std::string::npos);
}

TEST(ParseLayers, RefusesGarbage) {
  for (const char* text : {"", "[]", "{}", R"({"Layers": 3})", R"({"Layers": [3]})",
                           R"({"Layers": [{}]})", R"({"Layers": [{"Name": 7}]})"})
    EXPECT_FALSE(ParseLayers(text).ok()) << text;
  EXPECT_TRUE(
      ParseLayers(R"({"Layers": [{"Name": "a", "Inputs": 3, "Outputs": [1], "Weights": []}]})")
          .ok());
  for (size_t size = 0; size < k8.size() - 1; ++size)
    EXPECT_FALSE(ParseLayers(k8.substr(0, size)).ok()) << size;
}

TEST(CheckInt8, FindsTheLayersThatFellBack) {
  const auto layers = ParseLayers(k8);
  ASSERT_TRUE(layers.ok());
  const std::vector<std::string> nodes = {"Conv_9", "Conv_22", "Conv_99"};
  const Int8Check check = CheckInt8(*layers, nodes);
  ASSERT_EQ(check.fallbacks.size(), 1u);
  EXPECT_EQ(check.fallbacks[0].node, "Conv_22");
  EXPECT_EQ(check.fallbacks[0].layer, "Conv_22 + Relu_23");
  EXPECT_EQ(check.fallbacks[0].ran, DataType::kFloat16);
  EXPECT_EQ(check.unknown, std::vector<std::string>{"Conv_99"});
}

TEST(JoinLayers, GivesEachTimeItsLayer) {
  const auto layers = ParseLayers(k8);
  ASSERT_TRUE(layers.ok());
  const LayerTimes times{2, {{"Conv_22 + Relu_23", 12.5, 12}, {"unheard of", 1, 1}}};
  const auto runs = JoinLayers(times, *layers);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].event.op_type, "CaskConvolution");
  EXPECT_EQ(runs[0].event.provider, "TensorRT");
  EXPECT_EQ(runs[0].event.duration_us, 12.5);
  EXPECT_EQ(runs[0].event.input_types, std::vector<std::string>{"float16"});
  EXPECT_EQ(runs[0].precision, DataType::kFloat16);
  EXPECT_EQ(runs[1].event.node, "unheard of");
  EXPECT_EQ(runs[1].precision, std::nullopt);
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
