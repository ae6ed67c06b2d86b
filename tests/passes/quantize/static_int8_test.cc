// The Q/DQ form: structure against graphs written by hand.
#include "passes/quantize/static_int8.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "ir/verifier.h"

namespace edgeopt::passes::quantize {
namespace {

constexpr char kHeader[] = "<ir_version: 8, opset_import: [\"\" : 17]>\n";

ir::Model Parse(const std::string& graph) {
  auto model = formats::ParseText(kHeader + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return *model;
}

ir::Model Quantized(const std::string& graph,
                    const std::map<std::string, ActivationParams>& params) {
  ir::Model model = Parse(graph);
  const auto plan = PlanStatic(model, *FindRuleSet("onnxruntime-x64"), {});
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().ToString());
  const Status done = QuantizeStatic(model, *plan, params, {});
  EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().ToString());
  EXPECT_TRUE(ir::Verify(model).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  return model;
}

void ExpectSameGraph(const ir::Model& found, const std::string& expected) {
  EXPECT_EQ(formats::PrintGraph(found.graph), formats::PrintGraph(Parse(expected).graph));
}

// weight 127 has scale 1; bias 3 with scale 0.5 * 1 is 6. The Relu is gone, and the output keeps
// its name.
TEST(QuantizeStatic, ConvWithBiasAndRelu) {
  const ir::Model found = Quantized(R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y)
<float[1,1,1,1] w = {127}, float[1] b = {3}> {
  a = Conv(x, w, b)
  y = Relu(a)
})",
                                    {{"x", {0.5f, 10}}, {"y", {0.25f, 0}}});
  ExpectSameGraph(found, R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y)
<int8[1,1,1,1] wq = {127}, float[1] ws = {1}, int8[1] wz = {0},
 int32[1] bq = {6}, float[1] bs = {0.5}, int32[1] bz = {0},
 float xs = {0.5}, uint8 xz = {10}, float ys = {0.25}, uint8 yz = {0}> {
  bd = DequantizeLinear<axis = 0>(bq, bs, bz)
  wd = DequantizeLinear<axis = 0>(wq, ws, wz)
  xq = QuantizeLinear(x, xs, xz)
  xd = DequantizeLinear(xq, xs, xz)
  a = Conv(xd, wd, bd)
  yq = QuantizeLinear(a, ys, yz)
  y = DequantizeLinear(yq, ys, yz)
})");
}

// One Q behind the first Conv; both readers, int8 and float, read its DQ.
TEST(QuantizeStatic, FanOutReadsOneDequantize) {
  const ir::Model found = Quantized(R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y, float[1,1,2,2] e)
<float[1,1,1,1] w = {127}> {
  a = Conv(x, w)
  y = Conv(a, w)
  e = Exp(a)
})",
                                    {{"x", {0.5f, 0}}, {"a", {0.25f, 7}}, {"y", {1.0f, 0}}});
  int quantize = 0, readers_of_a = 0;
  for (const ir::NodeId id : found.graph.nodes())
    quantize += found.graph.node(id).Is("QuantizeLinear");
  readers_of_a = static_cast<int>(found.graph.uses(found.graph.Find("a")).size());
  EXPECT_EQ(quantize, 3);
  EXPECT_EQ(readers_of_a, 2);
  EXPECT_TRUE(found.graph.ProducerIf(found.graph.Find("a"), "DequantizeLinear") != nullptr);
}

// The scale of the MaxPool's output is that of its input, whatever was observed there.
TEST(QuantizeStatic, SameScaleOperatorsShareTheRootsParameters) {
  const ir::Model found = Quantized(R"(
g (float[1,1,4,4] x) => (float[1,1,2,2] y)
<float[1,1,1,1] w = {127}> {
  a = Conv(x, w)
  p = MaxPool<kernel_shape = [2,2], strides = [2,2]>(a)
  y = Conv(p, w)
})",
                                    {{"x", {0.5f, 0}}, {"a", {0.25f, 7}}, {"y", {1.0f, 0}}});
  const ir::Node* dequantize = found.graph.ProducerIf(found.graph.Find("p"), "DequantizeLinear");
  ASSERT_NE(dequantize, nullptr);
  EXPECT_EQ(found.graph.ConstantOf(dequantize->input(1))->as<float>()[0], 0.25f);
  EXPECT_EQ(found.graph.ConstantOf(dequantize->input(2))->as<uint8_t>()[0], 7);
}

TEST(QuantizeStatic, GemmKeepsAFloatOutput) {
  const ir::Model found = Quantized(R"(
g (float[1,2] x) => (float[1,1] y)
<float[1,2] w = {127, 0}, float[1,1] b = {4}> {
  y = Gemm<transB = 1>(x, w, b)
})",
                                    {{"x", {2.0f, 0}}});
  ExpectSameGraph(found, R"(
g (float[1,2] x) => (float[1,1] y)
<int8[1,2] wq = {127, 0}, float[1] ws = {1}, int8[1] wz = {0},
 int32[1] bq = {2}, float[1] bs = {2}, int32[1] bz = {0}, float xs = {2}, uint8 xz = {0}> {
  bd = DequantizeLinear<axis = 0>(bq, bs, bz)
  wd = DequantizeLinear<axis = 0>(wq, ws, wz)
  xq = QuantizeLinear(x, xs, xz)
  xd = DequantizeLinear(xq, xs, xz)
  y = Gemm<transB = 1>(xd, wd, bd)
})");
}

TEST(QuantizeStatic, MissingParametersChangeNothing) {
  ir::Model model = Parse(R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y)
<float[1,1,1,1] w = {127}> { y = Conv(x, w) })");
  const std::string before = formats::PrintGraph(model.graph);
  const auto plan = PlanStatic(model, *FindRuleSet("onnxruntime-x64"), {});
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(QuantizeStatic(model, *plan, {{"x", {1.0f, 0}}}, {}).ok());
  EXPECT_EQ(formats::PrintGraph(model.graph), before);
}

// int16 data: the weight becomes int8, the bias stays float, and Q stands behind the Relu.
TEST(QuantizeStatic, Int16ActivationsKeepReluAndBias) {
  const auto parse = [](const std::string& graph) {
    auto model = formats::ParseText("<ir_version: 10, opset_import: [\"\" : 21]>\n" + graph);
    EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
    EXPECT_TRUE(formats::InferTypes(*model).ok());
    return *model;
  };
  ir::Model model = parse(R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y)
<float[1,1,1,1] w = {127}, float[1] b = {3}> {
  a = Conv(x, w, b)
  y = Relu(a)
})");
  const auto plan = PlanStatic(model, *FindRuleSet("litert-int16x8"), {});
  ASSERT_TRUE(plan.ok()) << plan.error().ToString();
  const Status done = QuantizeStatic(model, *plan, {{"x", {0.5f, 0}}, {"y", {0.25f, 0}}}, {});
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(parse(R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y)
<int8[1,1,1,1] wq = {127}, float[1] ws = {1}, int8[1] wz = {0}, float[1] b = {3},
 float xs = {0.5}, int16 xz = {0}, float ys = {0.25}, int16 yz = {0}> {
  wd = DequantizeLinear<axis = 0>(wq, ws, wz)
  xq = QuantizeLinear(x, xs, xz)
  xd = DequantizeLinear(xq, xs, xz)
  a = Conv(xd, wd, b)
  r = Relu(a)
  yq = QuantizeLinear(r, ys, yz)
  y = DequantizeLinear(yq, ys, yz)
})")
                                                                      .graph));
}

}  // namespace
}  // namespace edgeopt::passes::quantize
