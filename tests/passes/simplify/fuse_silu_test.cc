#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fuse-silu";

std::string Graph(const std::string& body, int opset = 24) {
  return "<ir_version: 11, opset_import: [\"\" : " + std::to_string(opset) + "]>\n" +
         "g (float[3,4] x, float[3,4] z) => (float[3,4] y) <float alpha = {1.5}> {\n" + body + " }";
}

void ExpectSwish(const std::string& before, const std::string& after) {
  const ir::Model original = ParseModel(Graph(before));
  ir::Model model = original;
  Context context = TestContext();
  context.has_swish = true;
  EXPECT_EQ(RunPasses(model, {kPass}, context).rewrites(), 1);
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(ParseModel(Graph(after)).graph));
  ExpectSameOutputs(original, model, 1e-6);
}

TEST(FuseSilu, WithAndWithoutAFactor) {
  ExpectSwish("s = Sigmoid(x)\n y = Mul(x, s)", "y = Swish<alpha = 1.0>(x)");
  ExpectSwish("a = Mul(alpha, x)\n s = Sigmoid(a)\n y = Mul(s, x)", "y = Swish<alpha = 1.5>(x)");
}

TEST(FuseSilu, NotWhereTheRuntimeTakesItApart) {
  ExpectUnchanged(kPass, Graph("s = Sigmoid(x)\n y = Mul(x, s)"),
                  "the runtime has no kernel for Swish");
}

TEST(FuseSilu, NotInAnOlderOpset) {
  ExpectUnchanged(kPass, Graph("s = Sigmoid(x)\n y = Mul(x, s)", 23),
                  "Swish needs opset 24, the model has 23");
}

TEST(FuseSilu, NotOfAnotherValue) {
  ExpectUnchanged(kPass, Graph("s = Sigmoid(z)\n y = Mul(x, s)"), "");
}

}  // namespace
}  // namespace edgeopt::passes
