#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-pad";

TEST(EliminatePad, ByNothing) {
  for (const char* mode : {"constant", "reflect", "edge"}) {
    SCOPED_TRACE(mode);
    ExpectRewrite(
        kPass,
        "g (float[2,3] x) => (float[2,3] y) <int64[4] p = {0,0,0,0}> {\n a = Pad<mode = \"" +
            std::string(mode) + "\">(x, p)\n y = Relu(a) }",
        "g (float[2,3] x) => (float[2,3] y) { y = Relu(x) }");
  }
}

TEST(EliminatePad, WidthsInAnAttribute) {
  ExpectRewrite(kPass,
                Opset(9) +
                    "g (float[2,3] x) => (float[2,3] y) {\n"
                    "a = Pad<pads = [0,0,0,0]>(x)\n y = Relu(a) }",
                "g (float[2,3] x) => (float[2,3] y) { y = Relu(x) }");
}

TEST(EliminatePad, NotBySomething) {
  ExpectUnchanged(
      kPass, "g (float[2,3] x) => (float[2,4] y) <int64[4] p = {0,0,0,1}> { y = Pad(x, p) }", "");
}

TEST(EliminatePad, NotWhenWidthsCancel) {
  ExpectUnchanged(
      kPass, "g (float[2,3] x) => (float[2,3] y) <int64[4] p = {0,1,0,-1}> { y = Pad(x, p) }", "");
}

TEST(EliminatePad, NotByComputedWidths) {
  ExpectUnchanged(kPass, "g (float[2,3] x, int64[4] p) => (float[n,m] y) { y = Pad(x, p) }",
                  "its widths are computed at run time");
}

}  // namespace
}  // namespace edgeopt::passes
