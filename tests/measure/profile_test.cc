#include "measure/profile.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "formats/onnx/onnx.h"

namespace edgeopt::measure {
namespace {

using runtimes::ProfileEvent;

ProfileEvent Event(std::string node, std::string op, double us,
                   std::vector<std::string> in = {"float"},
                   std::vector<std::string> out = {"float"}, bool nested = false) {
  return {std::move(node), std::move(op), "CPUExecutionProvider", us, std::move(in),
          std::move(out),  nested};
}

TEST(KindOf, JudgesByKernelAndTypes) {
  const auto kind = [](std::string op, std::vector<std::string> in, std::vector<std::string> out) {
    return Name(KindOf(Event("n", std::move(op), 1, std::move(in), std::move(out))));
  };
  EXPECT_EQ(kind("QLinearConv", {"uint8", "float", "uint8"}, {"uint8"}), "int8");
  EXPECT_EQ(kind("MatMulInteger", {"uint8", "int8"}, {"int32"}), "int8");
  EXPECT_EQ(kind("MatMulIntegerToFloat", {"uint8", "int8"}, {"float"}), "int8");
  EXPECT_EQ(kind("DynamicQuantizeLSTM", {"float", "int8"}, {"float"}), "int8");
  EXPECT_EQ(kind("QGemm", {"uint8"}, {"float"}), "int8");
  EXPECT_EQ(kind("MaxPool", {"uint8"}, {"uint8"}), "int8");
  EXPECT_EQ(kind("Resize", {"int8", "", "float"}, {"int8"}), "int8");  // float are its scales
  EXPECT_EQ(kind("MatMulNBits", {"float", "uint8", "float"}, {"float"}), "weight-only");
  EXPECT_EQ(kind("QuantizeLinear", {"float", "float", "uint8"}, {"uint8"}), "conversion");
  EXPECT_EQ(kind("DequantizeLinear", {"uint8", "float", "uint8"}, {"float"}), "conversion");
  EXPECT_EQ(kind("Conv", {"float", "float"}, {"float"}), "float");
  EXPECT_EQ(kind("Softmax", {"float16"}, {"float16"}), "float");
  EXPECT_EQ(kind("Cast", {"uint8"}, {"float"}), "float");
  EXPECT_EQ(kind("ArgMax", {"float"}, {"int64"}), "float");
  EXPECT_EQ(kind("Gather", {"int64", "int64"}, {"int64"}), "other");
  EXPECT_EQ(kind("Shape", {"int64"}, {"int64"}), "other");
  EXPECT_EQ(kind("Shape", {"float"}, {"int64"}), "other");
  EXPECT_EQ(kind("If", {"bool"}, {"float"}), "other");
}

TEST(MeanOfRuns, LeavesTheSlowestTenthOut) {
  std::vector<std::vector<ProfileEvent>> runs(10, {Event("a", "Conv", 10), Event("b", "Relu", 2)});
  runs[3] = {Event("a", "Conv", 1000), Event("b", "Relu", 2)};  // interrupted
  runs[5] = {Event("a", "Conv", 10), Event("b", "Relu", 500)};
  const auto nodes = MeanOfRuns(runs);
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].node, "a");
  EXPECT_DOUBLE_EQ(nodes[0].mean_us, 10);
  EXPECT_DOUBLE_EQ(nodes[0].calls_per_run, 1);
  EXPECT_DOUBLE_EQ(nodes[1].mean_us, 2);
}

TEST(MeanOfRuns, ABranchThatIsNotAlwaysTakenCountsAsNoTime) {
  const auto nodes = MeanOfRuns({{Event("a", "Conv", 10)}, {Event("b", "Relu", 2)}});
  EXPECT_DOUBLE_EQ(nodes[0].mean_us, 5);
  EXPECT_DOUBLE_EQ(nodes[1].calls_per_run, 0.5);
}

TEST(MeanOfRuns, CountsCallsInALoop) {
  const std::vector<std::vector<ProfileEvent>> runs = {
      {Event("body", "Add", 3, {"float"}, {"float"}, true),
       Event("body", "Add", 5, {"float"}, {"float"}, true), Event("loop", "Loop", 10)}};
  const auto nodes = MeanOfRuns(runs);
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_DOUBLE_EQ(nodes[0].mean_us, 8);
  EXPECT_DOUBLE_EQ(nodes[0].calls_per_run, 2);
  EXPECT_TRUE(nodes[0].nested);
}

TEST(MakeProfile, SharesAddUpWithoutNestedNodes) {
  const Profile profile = MakeProfile(
      MeanOfRuns({{Event("q", "QuantizeLinear", 5, {"float"}, {"uint8"}),
                   Event("c1", "QLinearConv", 30, {"uint8"}, {"uint8"}),
                   Event("c2", "QLinearConv", 40, {"uint8"}, {"uint8"}),
                   Event("body", "Add", 15, {"float"}, {"float"}, true),
                   Event("if", "If", 20, {"bool"}, {"float"}), Event("s", "Softmax", 5)}}),
      1);
  EXPECT_DOUBLE_EQ(profile.operators_us, 100);
  ASSERT_EQ(profile.by_op.size(), 4u);
  EXPECT_EQ(profile.by_op[0].op_type, "QLinearConv");
  EXPECT_EQ(profile.by_op[0].nodes, 2);
  EXPECT_EQ(profile.by_op[0].int8_nodes, 2);
  EXPECT_DOUBLE_EQ(profile.by_op[0].share, 0.7);
  ASSERT_EQ(profile.by_kind.size(), 4u);
  EXPECT_EQ(profile.by_kind[0].kind, KernelKind::kInt8);
  EXPECT_DOUBLE_EQ(profile.by_kind[0].share, 0.7);
  double sum = 0;
  for (const KindProfile& kind : profile.by_kind) sum += kind.share;
  EXPECT_DOUBLE_EQ(sum, 1);
}

TEST(MakeProfile, NoTimeAtAllIsNoDivisionByZero) {
  const Profile profile = MakeProfile(MeanOfRuns({{Event("a", "Relu", 0)}}), 1);
  EXPECT_EQ(profile.nodes[0].share, 0);
  EXPECT_TRUE(MakeProfile({}, 1).nodes.empty());
}

// conv: all quantized. mm: float input. gelu: no kernel. relu: float output.
constexpr std::string_view kQuantized = R"(
<ir_version: 10, opset_import: ["" : 20]>
f (float[1,1,4,4] x) => (float[1,1,4,4] y)
<float s = {0.1}, uint8 z = {128}, int8[1,1,1,1] w8 = {3}, int8 wz = {0}, float[4,4] w = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}>
{
  xq = QuantizeLinear(x, s, z)
  xd = DequantizeLinear(xq, s, z)
  wd = DequantizeLinear(w8, s, wz)
  c = Conv(xd, wd)
  cq = QuantizeLinear(c, s, z)
  cd = DequantizeLinear(cq, s, z)
  g = Gelu(cd)
  m = MatMul(g, w)
  mq = QuantizeLinear(m, s, z)
  md = DequantizeLinear(mq, s, z)
  y = Sigmoid(md)
})";

TEST(ExplainFloat, FindsTheReasonInTheGraph) {
  const auto model = formats::ParseText(kQuantized);
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  Profile profile = MakeProfile(
      MeanOfRuns({{Event("c", "Conv", 1), Event("g", "Gelu", 1), Event("m_token_3", "MatMul", 1),
                   Event("y_nchwc", "Sigmoid", 1), Event("ReorderInput", "ReorderInput", 1)}}),
      1);
  ExplainFloat(*model, profile);
  EXPECT_NE(profile.nodes[0].reason.find("no int8 kernel for this combination"), std::string::npos);
  EXPECT_EQ(profile.nodes[1].reason, "no int8 kernel for Gelu");
  EXPECT_EQ(profile.nodes[2].reason, "input 'g' (of Gelu) is not quantized");
  EXPECT_EQ(profile.nodes[3].reason, "output 'y' is an output of the model");
  EXPECT_EQ(profile.nodes[4].reason, "made by the runtime, in float");
}

TEST(ExplainFloat, SaysNothingAboutAFloatModel) {
  const auto model = formats::ParseText("f (float[2] x) => (float[2] y) { y = Sigmoid(x) }");
  Profile profile = MakeProfile(MeanOfRuns({{Event("y", "Sigmoid", 1)}}), 1);
  ExplainFloat(*model, profile);
  EXPECT_EQ(profile.nodes[0].reason, "");
}

TEST(ProfileJson, NamesKindsAndReasons) {
  Profile profile = MakeProfile(MeanOfRuns({{Event("y", "Sigmoid", 4)}}), 7);
  profile.nodes[0].reason = "because";
  const nlohmann::json json = ToJson(profile);
  EXPECT_EQ(json["runs"], 7);
  EXPECT_EQ(json["nodes"][0]["kind"], "float");
  EXPECT_EQ(json["nodes"][0]["reason"], "because");
  EXPECT_EQ(json["by_op"][0]["share"], 1);
  EXPECT_EQ(json["by_kind"][0]["kind"], "float");
}

// TensorRT says what a kernel computes in; a layer of int8 may give float.
TEST(KindOf, GoesByThePrecisionWhereItIsTold) {
  const auto kind = [](std::string op, std::string precision) {
    runtimes::ProfileEvent event = Event("n", std::move(op), 1, {"int8"}, {"float16"});
    event.precision = std::move(precision);
    return Name(KindOf(event));
  };
  EXPECT_EQ(kind("CaskConvolution", "int8"), "int8");
  EXPECT_EQ(kind("CaskConvolution", "float16"), "float");
  EXPECT_EQ(kind("kgen", "int32"), "other");
  EXPECT_EQ(kind("Reformat", "int8"), "conversion");
}

TEST(KindOf, KnowsLiteRtsAndXnnpacksNames) {
  const auto kind = [](std::string op, std::vector<std::string> in, std::vector<std::string> out) {
    return Name(KindOf(Event("n", std::move(op), 1, std::move(in), std::move(out))));
  };
  EXPECT_EQ(kind("Convolution (NHWC, QC8) IGEMM", {"int8"}, {"int8"}), "int8");
  EXPECT_EQ(kind("Convolution (NHWC, F32) IGEMM", {"float"}, {"float"}), "float");
  EXPECT_EQ(kind("Fully Connected (NC, QD8, F32, QC8W) GEMM", {"int8"}, {"float"}), "int8");
  EXPECT_EQ(kind("Convolution (NHWC, QDU8, F32, QC8W) IGEMM", {"uint8"}, {"float"}), "int8");
  EXPECT_EQ(kind("Convert (NC, F32, QS8)", {"float"}, {"int8"}), "conversion");
  EXPECT_EQ(kind("DEQUANTIZE", {"int8"}, {"float"}), "conversion");
  EXPECT_EQ(kind("GATHER", {"int64"}, {"int64"}), "other");
  EXPECT_EQ(kind("WHILE", {"float"}, {"float"}), "other");
}

TEST(MakeProfile, TellsWhoRanWhat) {
  ProfileEvent conv = Event("step 0", "Convolution (NHWC, F32) IGEMM", 30);
  ProfileEvent gather = Event("g", "GATHER", 8);
  ProfileEvent topk = Event("t", "TOPK_V2", 1);
  ProfileEvent mean = Event("m", "MEAN", 1, {"int32"}, {"int32"});
  conv.provider = "XNNPACK";
  gather.provider = topk.provider = mean.provider = "builtin";
  Profile profile = MakeProfile(MeanOfRuns({{conv, gather, topk, mean}}), 1);
  ASSERT_EQ(profile.by_provider.size(), 2u);
  EXPECT_EQ(profile.by_provider[0].provider, "XNNPACK");
  EXPECT_DOUBLE_EQ(profile.by_provider[0].share, 0.75);
  EXPECT_EQ(profile.by_provider[1].nodes, 3);
  ExplainBuiltin(profile);
  EXPECT_EQ(profile.nodes[0].reason, "");
  EXPECT_EQ(profile.nodes[1].reason, "XNNPACK has no such operator");
  EXPECT_EQ(profile.nodes[3].reason, "XNNPACK does not compute with int32");
}

}  // namespace
}  // namespace edgeopt::measure
