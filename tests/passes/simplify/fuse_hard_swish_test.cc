#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fuse-hard-swish";
constexpr char kConstants[] =
    "<float zero = {0}, float three = {3}, float six = {6}, float sixth = {0.16666667},\n"
    " float two = {2}, float four = {4}> {\n";

std::string Graph(const std::string& body, const std::string& outputs = "float[3,4] y") {
  return "g (float[3,4] x) => (" + outputs + ") " + kConstants + body + " }";
}

void ExpectFused(const std::string& body, const std::string& after) {
  const ir::Model original = ParseModel(Graph(body));
  ir::Model model = original;
  EXPECT_GE(RunPasses(model, {kPass, "eliminate-dead-code"}).passes[0].rewrites, 1);
  EXPECT_EQ(formats::PrintGraph(model.graph),
            formats::PrintGraph(
                ParseModel("g (float[3,4] x) => (float[3,4] y) { " + after + " }").graph));
  ExpectSameOutputs(original, model, 1e-6);
}

TEST(FuseHardSwish, InManyOrders) {
  const std::string ramp = "a = Add(x, three)\n c = Clip(a, zero, six)\n";
  ExpectFused(ramp + "m = Mul(x, c)\n y = Div(m, six)", "y = HardSwish(x)");
  ExpectFused(ramp + "d = Div(c, six)\n y = Mul(x, d)", "y = HardSwish(x)");
  ExpectFused(ramp + "d = Mul(x, sixth)\n y = Mul(d, c)", "y = HardSwish(x)");
}

TEST(FuseHardSwish, OfAHardSigmoid) {
  ExpectFused("s = HardSigmoid<alpha = 0.16666667, beta = 0.5>(x)\n y = Mul(s, x)",
              "y = HardSwish(x)");
}

TEST(FuseHardSwish, HardSigmoid) {
  // clip(x + 2, 0, 4) / 4 = clip(x / 4 + 1 / 2, 0, 1)
  ExpectFused("a = Add(two, x)\n c = Clip(a, zero, four)\n y = Div(c, four)",
              "y = HardSigmoid<alpha = 0.25, beta = 0.5>(x)");
}

TEST(FuseHardSwish, NotOtherConstants) {
  const std::string ramp = "a = Add(x, three)\n c = Clip(a, zero, six)\n";
  ExpectUnchanged(kPass, Graph(ramp + "m = Mul(x, c)\n y = Div(m, four)"), "");
  ExpectUnchanged(kPass, Graph(ramp + "y = Div(c, four)"), "");
  ExpectUnchanged(kPass,
                  Graph("a = Add(x, two)\n c = Clip(a, zero, six)\n m = Mul(x, c)\n"
                        "y = Div(m, six)"),
                  "");
  ExpectUnchanged(kPass,
                  Graph("a = Add(x, three)\n c = Clip(a, two, six)\n m = Mul(x, c)\n"
                        "y = Div(m, six)"),
                  "");
  ExpectUnchanged(kPass, Graph("s = HardSigmoid<alpha = 0.2, beta = 0.5>(x)\n y = Mul(s, x)"), "");
}

TEST(FuseHardSwish, NotWhatIsAlsoUsedElsewhere) {
  ExpectUnchanged(kPass,
                  Graph("a = Add(x, three)\n c = Clip(a, zero, six)\n m = Mul(x, c)\n"
                        "y = Div(m, six)",
                        "float[3,4] y, float[3,4] c"),
                  "");
}

TEST(FuseHardSwish, NotInAnOlderOpset) {
  ExpectUnchanged(kPass,
                  Opset(13) + Graph("a = Add(x, three)\n c = Clip(a, zero, six)\n m = Mul(x, c)\n"
                                    "y = Div(m, six)"),
                  "HardSwish needs opset 14, the model has 13");
}

}  // namespace
}  // namespace edgeopt::passes
