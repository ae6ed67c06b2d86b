#include "ops/inspection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "formats/onnx/onnx.h"

namespace edgeopt::ops {
namespace {

ir::Model Text(const std::string& text) {
  auto model = formats::ParseText(text);
  if (!model.ok()) {
    ADD_FAILURE() << model.error().ToString() << "\n" << text;
    std::abort();
  }
  return std::move(*model);
}

std::vector<Finding> Findings(const std::string& text) { return HardToQuantize(Text(text)); }

// A depthwise Conv of two channels with 1x64 kernels.
std::vector<Finding> OfDepthwise(const std::vector<float>& weight) {
  ir::Model model = Text("g (float[1,2,1,64] x) => (float[1,2,1,1] y) { y = Relu (x) }");
  ir::Graph& graph = model.graph;
  const auto w = graph.AddInitializer("w", ir::Tensor::Of<float>({2, 1, 1, 64}, weight));
  const auto c = graph.AddValue("c");
  graph.AddNode("Conv", {graph.Find("x"), w}, {c}, {{.name = "group", .value = int64_t{2}}},
                "conv");
  graph.SetInput(graph.nodes()[0], 0, c);
  return HardToQuantize(model);
}

std::vector<float> Channels(float first, float second) {
  std::vector<float> weight(128, first);
  std::fill(weight.begin() + 64, weight.end(), second);
  return weight;
}

TEST(HardToQuantize, Operators) {
  const auto findings = Findings("g (float[2,4] x) => (float[2,4] y) { [soft] y = Softmax (x) }");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].node, "soft");
  EXPECT_EQ(findings[0].op_type, "Softmax");
  EXPECT_NE(findings[0].reason.find("below 1/256"), std::string::npos);
  EXPECT_TRUE(Findings("g (float[2] x) => (float[2] y) { y = Relu (x) }").empty());
}

TEST(HardToQuantize, GatesInParts) {
  EXPECT_EQ(Findings("g (float[2] x) => (float[2] y) { s = Sigmoid (x)  y = Mul (x, s) }").size(),
            1u);
  EXPECT_EQ(
      Findings("g (float[2] x) => (float[2] y) { s = HardSigmoid (x)  y = Mul (s, x) }").size(),
      1u);
  // A gate on something else is squeeze-and-excitation, which is harmless.
  EXPECT_TRUE(
      Findings("g (float[2] x, float[2] z) => (float[2] y) { s = Sigmoid (x)  y = Mul (z, s) }")
          .empty());
}

TEST(HardToQuantize, MaskConstants) {
  const auto findings =
      Findings("g (float[2] x) => (float[2] y) <float m = {-3.4e38}> { y = Add (x, m) }");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].reason.find("-3.4e+38"), std::string::npos);
  EXPECT_TRUE(
      Findings("g (float[2] x) => (float[2] y) <float m = {-300}> { y = Add (x, m) }").empty());
  // Limits of a slice are no masks.
  EXPECT_TRUE(Findings("g (float[2] x) => (float[2] y) <int64[1] s = {0}, int64[1] e = "
                       "{9223372036854775807}> { y = Slice (x, s, e) }")
                  .empty());
}

TEST(HardToQuantize, ChannelsOfDifferentRange) {
  const auto findings = OfDepthwise(Channels(1, 0.05f));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].node, "conv");
  EXPECT_NE(findings[0].reason.find("differ by a factor of 20"), std::string::npos)
      << findings[0].reason;
  EXPECT_TRUE(OfDepthwise(Channels(1, 0.1f)).empty());
  EXPECT_TRUE(OfDepthwise(Channels(1, 0)).empty());      // dead channels may be zero
  EXPECT_TRUE(OfDepthwise(Channels(1, 1e-7f)).empty());  // or nearly so
}

TEST(HardToQuantize, Outliers) {
  std::vector<float> weight = Channels(0.01f, 0.01f);
  EXPECT_TRUE(OfDepthwise(weight).empty());
  weight[5] = 1;  // RMS 0.125: the maximum is 8 times it
  EXPECT_EQ(OfDepthwise(weight).size(), 1u) << "the channels' ranges differ by 100";
  // 1000 elements of RMS about 0.032: the maximum is 31 times it.
  ir::Model model = Text("g (float[1,1000] x) => (float[1,1] y) { y = Relu (x) }");
  std::vector<float> long_weight(1000, 0.001f);
  long_weight[0] = 1;
  const auto w = model.graph.AddInitializer("w", ir::Tensor::Of<float>({1000, 1}, long_weight));
  model.graph.AddNode("MatMul", {model.graph.Find("x"), w}, {model.graph.AddValue("m")});
  const auto findings = HardToQuantize(model);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].reason.find("1 of 1 weight channels"), std::string::npos)
      << findings[0].reason;
}

TEST(HardToQuantize, WeightsThatAreNotFinite) {
  std::vector<float> weight = Channels(1, 1);
  weight[3] = std::numeric_limits<float>::quiet_NaN();
  weight[70] = -std::numeric_limits<float>::infinity();
  const auto findings = OfDepthwise(weight);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_NE(findings[0].reason.find("2 values that are not finite"), std::string::npos);
}

TEST(HardToQuantize, ComputedWeights) {
  EXPECT_EQ(Findings("g (float[1,1,4,4] x, float[1,1,3,3] w) => (float[1,1,2,2] y) {"
                     " y = Conv (x, w) }")
                .size(),
            1u);
  EXPECT_TRUE(Findings("g (float[1,1,4,4] x) => (float[1,1,3,3] y)"
                       " <uint8[1,1,2,2] w = {1,2,3,4}, float s = {1}> {"
                       " d = DequantizeLinear (w, s)  y = Conv (x, d) }")
                  .empty());
  EXPECT_TRUE(
      Findings("g (float[2,2] x, float[2,2] z) => (float[2,2] y) { y = MatMul (x, z) }").empty());
}

TEST(HardToQuantize, LooksIntoSubgraphs) {
  const auto findings = Findings(R"(
    g (bool c, float[2,4] x) => (float[2,4] y) {
      [choice] y = If (c) <
        then_branch = t () => (tv) { [soft] tv = Softmax (x) },
        else_branch = e () => (ev) { ev = Relu (x) }>
    })");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].node, "choice/then_branch/soft");
}

TEST(Inspect, ShowsInterfaceOperatorsAndParameters) {
  const auto model =
      formats::ReadOnnx(EDGEOPT_SOURCE_DIR "/examples/fashion_resnet10.onnx").value();
  const Inspection inspection = formats::Inspect(model);
  ASSERT_EQ(inspection.inputs.size(), 1u);
  EXPECT_EQ(inspection.inputs[0].name, "input");
  EXPECT_EQ(ir::ToString(inspection.inputs[0].type), "float32[N, 1, 28, 28]");
  ASSERT_EQ(inspection.outputs.size(), 1u);
  ASSERT_FALSE(inspection.operators.empty());
  EXPECT_EQ(inspection.operators[0].op_type, "Conv");
  EXPECT_EQ(inspection.operators[0].count, 9);
  EXPECT_EQ(inspection.operators[0].macs, 37'155'328);
  ASSERT_EQ(inspection.parameters.size(), 1u);
  EXPECT_EQ(inspection.parameters[0].type, ir::DataType::kFloat32);
  EXPECT_EQ(inspection.parameters[0].elements, inspection.cost.parameters);
  int64_t count = 0;
  for (const auto& row : inspection.operators) count += row.count;
  EXPECT_EQ(count, static_cast<int64_t>(inspection.cost.nodes.size()));
}

TEST(Inspect, DefaultsAreNoInputs) {
  const Inspection inspection = formats::Inspect(
      Text("g (float[2] x, float[2] w = {1, 2}) => (float[2] y) { y = Add (x, w) }"));
  EXPECT_EQ(inspection.inputs.size(), 1u);
  EXPECT_EQ(inspection.cost.parameters, 2);
}

}  // namespace
}  // namespace edgeopt::ops
