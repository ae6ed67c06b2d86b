#include "passes/dequantize_products.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

// The rewritten model, which gives the same integers.
ir::Model Rewritten(const std::string& text) {
  const ir::Model original = ParseModel(text);
  ir::Model model = original;
  EXPECT_TRUE(formats::InferTypes(model).ok());
  const auto count = DequantizeProducts(model);
  EXPECT_TRUE(count.ok()) << (count.ok() ? "" : count.error().ToString());
  EXPECT_EQ(count.ok() ? *count : 0, 1);
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  ExpectSameOutputs(original, model, 0);
  return model;
}

TEST(DequantizeProducts, QuantizedMatMul) {
  const ir::Model model = Rewritten(R"(g (uint8[2,3] x) => (uint8[2,2] y)
<float s = {0.5}, uint8 z = {3}, uint8[3,2] w = {1, 2, 3, 4, 5, 6}, float t = {2}> {
  y = QLinearMatMul(x, s, z, w, s, z, t, z)
})");
  EXPECT_EQ(formats::PrintGraph(model.graph),
            formats::PrintGraph(ParseModel(R"(g (uint8[2,3] x) => (uint8[2,2] y)
<float s = {0.5}, uint8 z = {3}, uint8[3,2] w = {1, 2, 3, 4, 5, 6}, float t = {2}> {
  a = DequantizeLinear<axis = 0>(x, s, z)
  b = DequantizeLinear<axis = 1>(w, s, z)
  c = MatMul(a, b)
  y = QuantizeLinear(c, t, z)
})")
                                    .graph));
}

// The bias' scale is the product of the others: 2 of 0.5 * 4.
TEST(DequantizeProducts, QuantizedConvWithBias) {
  const ir::Model model = Rewritten(R"(g (uint8[1,1,2,2] x) => (uint8[1,1,2,2] y)
<float s = {0.5}, uint8 z = {3}, int8[1,1,1,1] w = {2}, float ws = {4}, int8 wz = {0},
 float t = {2}, int32[1] b = {7}> {
  y = QLinearConv(x, s, z, w, ws, wz, t, z, b)
})");
  bool found = false;
  for (const ir::ValueId id : model.graph.initializers())
    if (model.graph.value(id).name.rfind("bias_scale", 0) == 0)
      found = model.graph.ConstantOf(id)->as<float>()[0] == 2;
  EXPECT_TRUE(found);
}

// Sums of at most 256 products are exact in float32.
TEST(DequantizeProducts, LongSumsAreCut) {
  const ir::Model model = Rewritten(R"(g (uint8[1,300] x, uint8[300,1] v) => (int32[1,1] y)
{ y = MatMulInteger(x, v) })");
  int64_t products = 0;
  for (const ir::NodeId id : model.graph.nodes()) products += model.graph.node(id).Is("MatMul");
  EXPECT_EQ(products, 2);
}

}  // namespace
}  // namespace edgeopt::passes
