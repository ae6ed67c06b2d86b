#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fuse-layer-norm";
constexpr char kConstants[] =
    "<float two = {2}, float e = {1e-5}, int64[1] last = {-1}, int64[1] middle = {1},\n"
    " float[3] gamma = {1, 2, 3}, float[1,1,3] wide = {1, 2, 3}, float[3] beta = {4, 5, 6},\n"
    " float one = {2}> {\n";
constexpr char kNormalized[] =
    "m = ReduceMean(x, last)\n d = Sub(x, m)\n p = Pow(d, two)\n v = ReduceMean(p, last)\n"
    "ve = Add(v, e)\n s = Sqrt(ve)\n n = Div(d, s)\n";

std::string Graph(const std::string& body, const std::string& outputs = "float[2,n,3] y") {
  return "g (float[2,n,3] x) => (" + outputs + ") " + kConstants + body + " }";
}

void ExpectLayerNorm(const std::string& before, const std::string& after) {
  const ir::Model original = ParseModel(before);
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass, "eliminate-dead-code"}).passes[0].rewrites, 1);
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(ParseModel(after).graph));
  ExpectSameOutputs(original, model, 1e-4);  // values up to 10
}

TEST(FuseLayerNorm, WithScaleAndShift) {
  ExpectLayerNorm(Graph(std::string(kNormalized) + "g1 = Mul(n, gamma)\n y = Add(g1, beta)"),
                  "g (float[2,n,3] x) => (float[2,n,3] y) <float[3] y_scale = {1, 2, 3},"
                  " float[3] y_bias = {4, 5, 6}> {\n"
                  "y = LayerNormalization<axis = -1, epsilon = 1e-5>(x, y_scale, y_bias) }");
}

TEST(FuseLayerNorm, WithScaleOnlyOfMoreDimensions) {
  ExpectLayerNorm(Graph(std::string(kNormalized) + "y = Mul(wide, n)"),
                  "g (float[2,n,3] x) => (float[2,n,3] y) <float[3] y_scale = {1, 2, 3}> {\n"
                  "y = LayerNormalization<axis = -1, epsilon = 1e-5>(x, y_scale) }");
}

TEST(FuseLayerNorm, SquareAsAProduct) {
  ExpectLayerNorm(
      Graph("m = ReduceMean(x, last)\n d = Sub(x, m)\n p = Mul(d, d)\n v = ReduceMean(p, last)\n"
            "ve = Add(e, v)\n s = Sqrt(ve)\n n = Div(d, s)\n g1 = Mul(n, gamma)\n"
            "y = Add(beta, g1)"),
      "g (float[2,n,3] x) => (float[2,n,3] y) <float[3] y_scale = {1, 2, 3},"
      " float[3] y_bias = {4, 5, 6}> {\n"
      "y = LayerNormalization<axis = -1, epsilon = 1e-5>(x, y_scale, y_bias) }");
}

TEST(FuseLayerNorm, OverTwoAxesInAnAttribute) {
  const std::string axes = "ReduceMean<axes = [1, 2]>";
  ExpectLayerNorm(
      Opset(17) +
          "g (float[2,2,2] x) => (float[2,2,2] y) <float two = {2}, float e = {0.5},"
          " float[2,2] gamma = {1, 2, 3, 4}> {\n m = " +
          axes + "(x)\n d = Sub(x, m)\n p = Pow(d, two)\n v = " + axes +
          "(p)\n ve = Add(v, e)\n s = Sqrt(ve)\n n = Div(d, s)\n y = Mul(n, gamma) }",
      Opset(17) +
          "g (float[2,2,2] x) => (float[2,2,2] y) <float[2,2] y_scale = {1, 2, 3, 4}> {\n"
          "y = LayerNormalization<axis = -2, epsilon = 0.5>(x, y_scale) }");
}

TEST(FuseLayerNorm, NotOverAnInnerAxis) {
  ExpectUnchanged(
      kPass,
      Graph("m = ReduceMean(x, middle)\n d = Sub(x, m)\n p = Pow(d, two)\n"
            "v = ReduceMean(p, middle)\n ve = Add(v, e)\n s = Sqrt(ve)\n n = Div(d, s)\n"
            "y = Mul(n, gamma)"),
      "");
}

TEST(FuseLayerNorm, NotMeansOverDifferentAxes) {
  ExpectUnchanged(kPass,
                  Graph("m = ReduceMean(x, last)\n d = Sub(x, m)\n p = Pow(d, two)\n"
                        "v = ReduceMean(p, middle)\n ve = Add(v, e)\n s = Sqrt(ve)\n"
                        "n = Div(d, s)\n y = Mul(n, gamma)"),
                  "");
}

TEST(FuseLayerNorm, NotTheVarianceOfAnotherValue) {
  ExpectUnchanged(kPass,
                  Graph("m = ReduceMean(x, last)\n d = Sub(x, m)\n p = Pow(x, two)\n"
                        "v = ReduceMean(p, last)\n ve = Add(v, e)\n s = Sqrt(ve)\n"
                        "n = Div(d, s)\n y = Mul(n, gamma)"),
                  "");
}

TEST(FuseLayerNorm, NotWithoutAScalePerElement) {
  ExpectUnchanged(kPass, Graph(std::string(kNormalized) + "y = Mul(n, one)"),
                  "not followed by a factor per normalized element");
}

TEST(FuseLayerNorm, NotWhatIsAlsoUsedElsewhere) {
  ExpectUnchanged(
      kPass,
      Graph(std::string(kNormalized) + "y = Mul(n, gamma)", "float[2,n,3] y, float[2,n,1] v"), "");
  ExpectUnchanged(kPass,
                  Graph(std::string(kNormalized) + "y = Mul(n, gamma)\n z = Relu(d)",
                        "float[2,n,3] y, float[2,n,3] z"),
                  "");
}

TEST(FuseLayerNorm, NotInAnOlderOpset) {
  ExpectUnchanged(
      kPass,
      Opset(16) +
          "g (float[2,3] x) => (float[2,3] y) <float two = {2}, float e = {1e-5},"
          " float[3] gamma = {1, 2, 3}> {\n m = ReduceMean<axes = [-1]>(x)\n d = Sub(x, m)\n"
          "p = Pow(d, two)\n v = ReduceMean<axes = [-1]>(p)\n ve = Add(v, e)\n s = Sqrt(ve)\n"
          "n = Div(d, s)\n y = Mul(n, gamma) }",
      "LayerNormalization needs opset 17, the model has 16");
}

}  // namespace
}  // namespace edgeopt::passes
