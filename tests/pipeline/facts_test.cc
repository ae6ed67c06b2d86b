#include "pipeline/facts.h"

#include <gtest/gtest.h>

#include "formats/onnx/onnx.h"

namespace edgeopt::pipeline {
namespace {

ModelFacts FactsOf(const std::string& graph) {
  auto model = formats::ParseText("<ir_version: 8, opset_import: [\"\" : 17]>\n" + graph);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().ToString());
  EXPECT_TRUE(formats::InferTypes(*model).ok());
  return InspectFacts(*model, false);
}

std::string Floats(const std::string& name, const std::string& dims, int count) {
  std::string text = "float" + dims + " " + name + " = {1";
  for (int i = 1; i < count; ++i) text += ",1";
  return text + "}";
}

// Of an image of 224 x 224 the convolution does 224 * 224 * 2 * 3 products, the classifier 2 * 32;
// of an image of one pixel the classifier would have most of them.
TEST(InspectFacts, OpenSizesAreCountedAsLikelyOnes) {
  const ModelFacts facts =
      FactsOf("g (float[n,3,height,width] x) => (float[n,32] y) <" + Floats("c", "[2,3,1,1]", 6) +
              ", " + Floats("w", "[2,32]", 64) + R"(> {
    a = Conv(x, c)
    p = GlobalAveragePool(a)
    f = Flatten(p)
    y = MatMul(f, w)
  })");
  EXPECT_EQ(facts.static_macs, 224 * 224 * 6 + 64);
  EXPECT_EQ(facts.macs, 224 * 224 * 6 + 64);
  EXPECT_EQ(facts.dynamic_macs, 64);
  EXPECT_EQ(facts.parameters, 70);
}

// As exporters write speech models: the weights outside, the layer inside of an If.
TEST(InspectFacts, RecurrentLayersInsideOfBranchesCount) {
  const ModelFacts facts =
      FactsOf("g (bool c, float[3,1,2] x) => (float[3,1,1,4] y) <" + Floats("w", "[1,16,2]", 32) +
              ", " + Floats("r", "[1,16,4]", 64) + R"(> {
    y = If (c) <
      then_branch = t () => (float[3,1,1,4] tv) { tv = LSTM<hidden_size = 4>(x, w, r) },
      else_branch = e () => (float[3,1,1,4] ev) { ev = LSTM<hidden_size = 4>(x, w, r) }>
  })");
  // Three steps of 16 gates over 2 inputs and 4 states.
  EXPECT_EQ(facts.macs, 3 * 16 * (2 + 4));
  EXPECT_EQ(facts.dynamic_macs, facts.macs);
  EXPECT_EQ(facts.dynamic_parameter_bytes, 96 * 4);
}

}  // namespace
}  // namespace edgeopt::pipeline
