// What rounding takes from the mean output, worked by hand: the scale of a channel is max|w| / 127,
// so 127 and 0.6 become 127 and 1 (0.4 too much), 254 and -1.2 become 2 x 127 and 2 x -1 (0.8 too
// little).
#include "passes/quantize/bias_correction.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"
#include "passes/quantize/static_int8.h"

namespace edgeopt::passes::quantize {
namespace {

using ir::Tensor;

std::optional<std::vector<float>> Lost(const char* op_type, std::vector<ir::Attribute> attributes,
                                       const ir::Dims& dims, const std::vector<float>& weight,
                                       int64_t axis, const std::vector<float>& means) {
  ir::Node node;
  node.op_type = op_type;
  node.attributes = std::move(attributes);
  const Tensor tensor = Tensor::Of(dims, weight);
  return LostMeans(node, tensor, *QuantizeWeight(tensor, axis, false), axis, means);
}

void ExpectNear(const std::optional<std::vector<float>>& found, const std::vector<float>& wanted) {
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR((*found)[i], wanted[i], 1e-5) << i;
}

TEST(LostMeans, OfConvolutions) {
  const std::vector<float> weight = {127, 0.6f, 254, -1.2f};
  ExpectNear(Lost("Conv", {}, {2, 1, 1, 2}, weight, 0, {3}), {-1.2f, 2.4f});
  ExpectNear(Lost("Conv", {}, {2, 2, 1}, weight, 0, {3, 5}), {-2, 4});
  ExpectNear(Lost("Conv", {{"group", int64_t{2}}}, {2, 1, 1, 2}, weight, 0, {3, 5}), {-1.2f, 4});
}

TEST(LostMeans, OfDenseLayers) {
  ExpectNear(Lost("Gemm", {}, {2, 2}, {127, 254, 0.6f, -1.2f}, 1, {3, 5}), {-2, 4});
  ExpectNear(Lost("Gemm", {{"transB", int64_t{1}}}, {2, 2}, {127, 0.6f, 254, -1.2f}, 0, {3, 5}),
             {-2, 4});
}

TEST(LostMeans, NeedsAMeanPerChannel) {
  EXPECT_FALSE(Lost("Conv", {}, {2, 1, 1, 2}, {127, 0.6f, 254, -1.2f}, 0, {3, 5}));
  EXPECT_FALSE(Lost("MatMul", {}, {2, 2}, {127, 254, 0.6f, -1.2f}, 1, {3, 5}));
}

// Without a bias: -0.4 x 5 = -2, in steps of 0.5 x 1.
TEST(QuantizeStatic, CorrectsTheBias) {
  ir::Model model = *formats::ParseText(R"(<ir_version: 8, opset_import: ["" : 17]>
g (float[1,1,2,2] x) => (float[1,1,2,1] y) <float[1,1,1,2] w = {127, 0.6}> { y = Conv(x, w) })");
  ASSERT_TRUE(formats::InferTypes(model).ok());
  EXPECT_EQ(ValuesToAverage(model.graph), (std::set<std::string>{"x"}));
  const auto plan = PlanStatic(model, *FindRuleSet("onnxruntime-x64"), {});
  ASSERT_TRUE(plan.ok());
  const Status done =
      QuantizeStatic(model, *plan, {{"x", {0.5f, 10}}, {"y", {0.25f, 0}}}, {.means = {{"x", {5}}}});
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  int found = 0;
  for (const ir::ValueId id : model.graph.initializers()) {
    const Tensor& tensor = *model.graph.value(id).initializer;
    if (tensor.type() != ir::DataType::kInt32 || tensor.as<int32_t>()[0] == 0) continue;
    EXPECT_EQ(tensor.as<int32_t>()[0], -4);
    ++found;
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace edgeopt::passes::quantize
