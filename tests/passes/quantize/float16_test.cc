#include "passes/quantize/float16.h"

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

void ExpectConverted(const std::string& before, const std::string& expected,
                     const Float16Options& options = {}) {
  ir::Model model = Parse(before);
  const auto report = ConvertFloat16(model, options);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_TRUE(ir::Verify(model).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(Parse(expected).graph));
}

// 1.5 is 0x3E00 in binary16, 2 is 0x4000; the text syntax takes the bits.
TEST(ConvertFloat16, InputsAndOutputsStayFloat) {
  ExpectConverted(R"(
g (float[2] x) => (float[2] y) <float[2] w = {1.5, 2}> {
  a = Mul(x, w)
  y = Neg(a)
})",
                  R"(
g (float[2] x) => (float[2] y) <float16[2] w = {15872, 16384}> {
  h = Cast<to = 10>(x)
  a = Mul(h, w)
  n = Neg(a)
  y = Cast<to = 1>(n)
})");
}

TEST(ConvertFloat16, AWeightOutOfRangeKeepsItsOperatorFloat) {
  ir::Model model = Parse(R"(
g (float[1] x) => (float[1] y) <float[1] w = {70000}> {
  a = Neg(x)
  b = Mul(a, w)
  y = Neg(b)
})");
  const auto report = ConvertFloat16(model, {});
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->kept.size(), 1u);
  EXPECT_EQ(report->kept[0].op_type, "Mul");
  EXPECT_NE(report->kept[0].reason.find("70000"), std::string::npos);
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
}

TEST(ConvertFloat16, AnObservedValueOutOfRangeKeepsItsOperatorsFloat) {
  ir::Model model = Parse(R"(
g (float[1] x) => (float[1] y) {
  a = Exp(x)
  b = Log(a)
  y = Neg(b)
})");
  Float16Options options;
  options.observed_magnitude = {{"a", 1e6f}};
  const auto report = ConvertFloat16(model, options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->kept.size(), 2u);  // Exp makes it, Log reads it
  EXPECT_EQ(report->converted_nodes, 1);
}

TEST(ConvertFloat16, ExclusionsStayFloat) {
  ExpectConverted(R"(
g (float[2] x) => (float[2] y) {
  a = Exp(x)
  y = Neg(a)
})",
                  R"(
g (float[2] x) => (float[2] y) {
  a = Exp(x)
  h = Cast<to = 10>(a)
  n = Neg(h)
  y = Cast<to = 1>(n)
})",
                  {Exclusions({"Exp"}), {}});
}

TEST(ConvertFloat16, ResizeScalesStayFloat) {
  ir::Model model = Parse(R"(
g (float[1,1,2,2] x) => (float[1,1,4,4] y) <float[4] s = {1, 1, 2, 2}> {
  y = Resize<mode = "nearest">(x, , s)
})");
  ASSERT_TRUE(ConvertFloat16(model, {}).ok());
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
}

// 1e-9 is below 2^-25 and becomes zero.
TEST(ConvertFloat16, CountsUnderflow) {
  ir::Model model = Parse(R"(
g (float[3] x) => (float[3] y) <float[3] w = {0.000000001, 0, 1}> { y = Mul(x, w) })");
  const auto report = ConvertFloat16(model, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->underflowed_weights, 1);
  EXPECT_EQ(report->weights_bytes_before, 12);
  EXPECT_EQ(report->weights_bytes_after, 6);
}

TEST(ConvertFloat16, NothingToConvertIsRefused) {
  ir::Model model = Parse("g (int64[2] x) => (int64[2] y) { y = Neg(x) }");
  const auto report = ConvertFloat16(model, {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace edgeopt::passes::quantize
