// Integer inputs and outputs: graphs before and after, written by hand.
#include "passes/quantize/integer_io.h"

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

constexpr char kQuantizedRelu[] = R"(
g (float[4] x) => (float[4] y)
<float s = {0.5}, int8 z = {-28}, float t = {0.25}, int8 u = {-128}> {
  xq = QuantizeLinear(x, s, z)
  xd = DequantizeLinear(xq, s, z)
  r = Relu(xd)
  rq = QuantizeLinear(r, t, u)
  y = DequantizeLinear(rq, t, u)
})";

void ExpectChanged(const std::string& before, ir::DataType type, const std::string& after) {
  ir::Model model = Parse(before);
  const auto changed = MakeIntegerIo(model, type);
  ASSERT_TRUE(changed.ok()) << changed.error().ToString();
  EXPECT_TRUE(ir::Verify(model).ok());
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(Parse(after).graph));
}

TEST(IntegerIo, Int8) {
  ExpectChanged(kQuantizedRelu, ir::DataType::kInt8, R"(
g (int8[4] x) => (int8[4] y)
<float s = {0.5}, int8 z = {-28}, float t = {0.25}, int8 u = {-128}> {
  xd = DequantizeLinear(x, s, z)
  r = Relu(xd)
  y = QuantizeLinear(r, t, u)
})");
}

// 128 steps higher.
TEST(IntegerIo, Uint8) {
  ExpectChanged(kQuantizedRelu, ir::DataType::kUint8, R"(
g (uint8[4] x) => (uint8[4] y)
<float s = {0.5}, uint8 z = {100}, float t = {0.25}, uint8 u = {0}> {
  xd = DequantizeLinear(x, s, z)
  r = Relu(xd)
  y = QuantizeLinear(r, t, u)
})");
}

TEST(IntegerIo, TellsScaleAndZeroPoint) {
  ir::Model model = Parse(kQuantizedRelu);
  const auto changed = MakeIntegerIo(model, ir::DataType::kUint8).value();
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed.at("x").scale, 0.5f);
  EXPECT_EQ(changed.at("x").zero_point, 100);
  EXPECT_EQ(changed.at("y").type, ir::DataType::kUint8);
}

// What something else reads, or makes, stays float.
TEST(IntegerIo, LeavesOtherValues) {
  const std::string graph = R"(
g (float[4] x) => (float[4] y, float[4] e)
<float s = {0.5}, int8 z = {0}> {
  xq = QuantizeLinear(x, s, z)
  xd = DequantizeLinear(xq, s, z)
  y = Relu(xd)
  e = Abs(x)
})";
  ExpectChanged(graph, ir::DataType::kInt8, graph);
}

}  // namespace
}  // namespace edgeopt::passes::quantize
