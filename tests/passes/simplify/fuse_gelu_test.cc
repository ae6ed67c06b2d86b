#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fuse-gelu";
constexpr char kConstants[] =
    "<float r = {1.4142135}, float s = {0.70710677}, float one = {1}, float half = {0.5},\n"
    " float two = {2}, float three = {3}, float k = {0.7978846}, float c = {0.044715}> {\n";

std::string Graph(const std::string& body, const std::string& outputs = "float[3,4] y") {
  return "g (float[3,4] x) => (" + outputs + ") " + kConstants + body + " }";
}

void ExpectGelu(const std::string& body, bool tanh) {
  const ir::Model original = ParseModel(Graph(body));
  ir::Model model = original;
  EXPECT_EQ(RunPasses(model, {kPass, "eliminate-dead-code"}).passes[0].rewrites, 1);
  const std::string after = std::string("g (float[3,4] x) => (float[3,4] y) { y = Gelu") +
                            (tanh ? "<approximate = \"tanh\">" : "") + "(x) }";
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(ParseModel(after).graph));
  ExpectSameOutputs(original, model, 1e-6);
}

TEST(FuseGelu, ErfAsTorchWritesIt) {
  ExpectGelu("a = Div(x, r)\n b = Erf(a)\n c1 = Add(b, one)\n d = Mul(x, c1)\n y = Mul(d, half)",
             false);
}

TEST(FuseGelu, ErfInOtherOrders) {
  ExpectGelu("a = Mul(s, x)\n b = Erf(a)\n c1 = Add(one, b)\n d = Mul(half, x)\n y = Mul(c1, d)",
             false);
  ExpectGelu("a = Div(x, r)\n b = Erf(a)\n c1 = Add(one, b)\n d = Mul(half, c1)\n y = Mul(d, x)",
             false);
  ExpectGelu("a = Div(x, r)\n b = Erf(a)\n c1 = Add(one, b)\n d = Mul(x, c1)\n y = Div(d, two)",
             false);
}

TEST(FuseGelu, TanhWithAPower) {
  ExpectGelu(
      "p = Pow(x, three)\n q = Mul(p, c)\n u = Add(x, q)\n v = Mul(u, k)\n t = Tanh(v)\n"
      "w = Add(t, one)\n d = Mul(x, half)\n y = Mul(d, w)",
      true);
}

TEST(FuseGelu, TanhWithProducts) {
  ExpectGelu(
      "p = Mul(x, x)\n p3 = Mul(p, x)\n q = Mul(c, p3)\n u = Add(q, x)\n v = Mul(k, u)\n"
      "t = Tanh(v)\n w = Add(one, t)\n d = Mul(x, w)\n y = Mul(half, d)",
      true);
  // sqrt(2 / pi) x (1 + 0.044715 x^2)
  ExpectGelu(
      "p = Mul(x, x)\n q = Mul(c, p)\n u = Add(q, one)\n kx = Mul(k, x)\n v = Mul(kx, u)\n"
      "t = Tanh(v)\n w = Add(one, t)\n d = Mul(x, w)\n y = Mul(half, d)",
      true);
}

TEST(FuseGelu, NotOtherConstants) {
  // As in a Gelu, but for 0.5 -> 2, sqrt(2) -> 2, 1 -> 2.
  ExpectUnchanged(kPass,
                  Graph("a = Div(x, r)\n b = Erf(a)\n c1 = Add(b, one)\n d = Mul(x, c1)\n"
                        "y = Mul(d, two)"),
                  "");
  ExpectUnchanged(kPass,
                  Graph("a = Div(x, two)\n b = Erf(a)\n c1 = Add(b, one)\n d = Mul(x, c1)\n"
                        "y = Mul(d, half)"),
                  "");
  ExpectUnchanged(kPass,
                  Graph("a = Div(x, r)\n b = Erf(a)\n c1 = Add(b, two)\n d = Mul(x, c1)\n"
                        "y = Mul(d, half)"),
                  "");
}

TEST(FuseGelu, NotOfTwoDifferentValues) {
  ExpectUnchanged(kPass,
                  "g (float[3,4] x, float[3,4] z) => (float[3,4] y) " + std::string(kConstants) +
                      "a = Div(x, r)\n b = Erf(a)\n c1 = Add(b, one)\n d = Mul(z, c1)\n"
                      "y = Mul(d, half) }",
                  "");
}

TEST(FuseGelu, NotWhatIsAlsoUsedElsewhere) {
  ExpectUnchanged(kPass,
                  Graph("a = Div(x, r)\n b = Erf(a)\n c1 = Add(b, one)\n d = Mul(x, c1)\n"
                        "y = Mul(d, half)",
                        "float[3,4] y, float[3,4] b"),
                  "");
}

TEST(FuseGelu, NotInAnOlderOpset) {
  ExpectUnchanged(kPass,
                  Opset(19) + Graph("a = Div(x, r)\n b = Erf(a)\n c1 = Add(b, one)\n"
                                    "d = Mul(x, c1)\n y = Mul(d, half)"),
                  "Gelu needs opset 20, the model has 19");
}

TEST(FuseGelu, NotInFloat64) {
  ExpectUnchanged(kPass,
                  "g (double[2] x) => (double[2] y) <double r = {1.4142135623730951},"
                  " double one = {1}, double half = {0.5}> {\n a = Div(x, r)\n b = Erf(a)\n"
                  " c1 = Add(b, one)\n d = Mul(x, c1)\n y = Mul(d, half) }",
                  "Gelu of float64 has no kernel");
}

}  // namespace
}  // namespace edgeopt::passes
