#include "passes/quantize/dynamic_int8.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "ir/verifier.h"

namespace edgeopt::passes::quantize {
namespace {

ir::Model Parse(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return *model;
}

// A [2, 16] weight whose columns have scale 1: each holds 127.
std::string Columns16(const char* second_row) {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "127,";
  for (int i = 0; i < 16; ++i) text += std::string(second_row) + (i < 15 ? "," : "");
  return text;
}

int Count(const ir::Graph& graph, std::string_view op_type) {
  int count = 0;
  for (const ir::NodeId id : graph.nodes()) count += graph.node(id).op_type == op_type;
  return count;
}

TEST(QuantizeDynamic, TwoProductsShareOneQuantizedActivation) {
  ir::Model model = Parse("g (float[1,2] x) => (float[1,16] p, float[1,16] q) <float[2,16] w = {" +
                          Columns16("1") + "}, float[2,16] v = {" + Columns16("2") +
                          "}> { p = MatMul(x, w)\n q = MatMul(x, v) }");
  const auto report = QuantizeDynamic(model, {});
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_TRUE(ir::Verify(model).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  EXPECT_EQ(Count(model.graph, "DynamicQuantizeLinear"), 1);
  EXPECT_EQ(Count(model.graph, "MatMulInteger"), 2);
  EXPECT_EQ(Count(model.graph, "MatMul"), 0);
}

TEST(QuantizeDynamic, GemmTransposesAndAddsItsBias) {
  std::string rows;
  for (int i = 0; i < 16; ++i) rows += std::string(i ? "," : "") + "127,1";
  std::string bias = "0";
  for (int i = 1; i < 16; ++i) bias += "," + std::to_string(i);
  ir::Model model = Parse("g (float[1,2] x) => (float[1,16] y) <float[16,2] w = {" + rows +
                          "}, float[16] b = {" + bias + "}> { y = Gemm<transB = 1>(x, w, b) }");
  ASSERT_TRUE(QuantizeDynamic(model, {}).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  const ir::Node* add = model.graph.ProducerIf(model.graph.Find("y"), "Add");
  ASSERT_NE(add, nullptr);
  for (const ir::NodeId id : model.graph.nodes())
    if (model.graph.node(id).Is("MatMulInteger")) {
      const auto weight = model.graph.ConstantOf(model.graph.node(id).input(1));
      EXPECT_EQ(weight->dims(), (ir::Dims{2, 16}));
      EXPECT_EQ(weight->as<int8_t>()[0], 127);
      EXPECT_EQ(weight->as<int8_t>()[16], 1);
    }
}

TEST(QuantizeDynamic, ConvolutionsAreLeftAloneWithAReason) {
  ir::Model model = Parse(R"(
g (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,1,1,1] w = {1}> { y = Conv(x, w) })");
  const auto report = QuantizeDynamic(model, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kUnsupported);
}

TEST(QuantizeDynamic, ComputedAndNarrowOperandsStayFloat) {
  ir::Model model = Parse(
      "g (float[1,2] x, float[2,16] z) => (float[1,16] p, float[1,16] q, float[1,2] r) "
      "<float[2,16] w = {" +
      Columns16("1") +
      "}, float[2,2] n = {1,2,3,4}> {"
      " p = MatMul(x, w)\n q = MatMul(x, z)\n r = MatMul(x, n) }");
  const auto report = QuantizeDynamic(model, {});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->rows.size(), 3u);
  EXPECT_TRUE(report->rows[0].quantized);
  EXPECT_NE(report->rows[1].reason.find("not a float32 constant"), std::string::npos);
  EXPECT_NE(report->rows[2].reason.find("too few"), std::string::npos);
  EXPECT_EQ(Count(model.graph, "MatMul"), 2);
}

// Rows [127, 0] and [0, 254] have scales 1 and 2.
TEST(QuantizeDynamic, TablesKeepOneScalePerRow) {
  ir::Model model = Parse(R"(
g (int64[3] i) => (float[3,2] y) <float[2,2] t = {127, 0, 0, 254}> { y = Gather(t, i) })");
  DynamicOptions options;
  options.min_table_bytes = 0;
  ASSERT_TRUE(QuantizeDynamic(model, options).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  EXPECT_EQ(Count(model.graph, "Gather"), 2);
  const ir::ValueId scales = model.graph.Find("t_row_scales");
  ASSERT_TRUE(scales.valid());
  EXPECT_EQ(model.graph.ConstantOf(scales)->as<float>()[1], 2.0f);
}

TEST(QuantizeTables, LeavesProductsAlone) {
  ir::Model model = Parse(
      "g (int64[3] i, float[1,2] x) => (float[3,2] y, float[1,16] p) <float[2,2] t = {127, 0, 0, "
      "254}, "
      "float[2,16] w = {" +
      Columns16("1") + "}> { y = Gather(t, i)\n p = MatMul(x, w) }");
  DynamicOptions options;
  options.min_table_bytes = 0;
  ASSERT_TRUE(QuantizeTables(model, options).ok());
  EXPECT_EQ(Count(model.graph, "MatMul"), 1);
  EXPECT_EQ(Count(model.graph, "Gather"), 2);
}

TEST(QuantizeDynamic, ATableWithAnotherReaderStaysFloat) {
  ir::Model model =
      Parse("g (int64[3] i, float[1,2] x) => (float[3,16] y, float[1,16] p) <float[2,16] t = {" +
            Columns16("1") + "}> { y = Gather(t, i)\n p = MatMul(x, t) }");
  DynamicOptions options;
  options.min_table_bytes = 0;
  const auto report = QuantizeDynamic(model, options);
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->rows[0].quantized);
  EXPECT_NE(report->rows[0].reason.find("also read by"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::passes::quantize
