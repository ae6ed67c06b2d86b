#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-concat";

TEST(EliminateConcat, OfOne) {
  ExpectRewrite(kPass,
                "g (float[2,3] x) => (float[2,3] y) { a = Concat<axis = 1>(x)\n y = Relu(a) }",
                "g (float[2,3] x) => (float[2,3] y) { y = Relu(x) }");
}

TEST(EliminateConcat, SplitIntoOne) {
  ExpectRewrite(
      kPass, "g (float[2,3] x) => (float[2,3] y) { a = Split<num_outputs = 1>(x)\n y = Relu(a) }",
      "g (float[2,3] x) => (float[2,3] y) { y = Relu(x) }");
}

TEST(EliminateConcat, NestedOnesAreSpliced) {
  ExpectRewrite(kPass, R"(g (float[2,1] a, float[2,2] b, float[2,3] c) => (float[2,7] y) {
      bc = Concat<axis = -1>(b, c)
      abc = Concat<axis = 1>(a, bc)
      y = Concat<axis = 1>(abc, a)
    })",
                R"(g (float[2,1] a, float[2,2] b, float[2,3] c) => (float[2,7] y) {
      y = Concat<axis = 1>(a, b, c, a)
    })");
}

TEST(EliminateConcat, NotAlongAnotherAxis) {
  ExpectUnchanged(kPass,
                  "g (float[2,1] a, float[2,1] b, float[2,2] c) => (float[4,2] y) {\n"
                  "ab = Concat<axis = 1>(a, b)\n y = Concat<axis = 0>(ab, c) }",
                  "");
}

TEST(EliminateConcat, NotWhatIsUsedTwice) {
  ExpectUnchanged(kPass,
                  "g (float[2,1] a, float[2,1] b) => (float[2,2] ab, float[2,3] y) {\n"
                  "ab = Concat<axis = 1>(a, b)\n y = Concat<axis = 1>(ab, b) }",
                  "");
}

TEST(EliminateConcat, NotASplitIntoTwo) {
  ExpectUnchanged(
      kPass, "g (float[4] x) => (float[2] y, float[2] z) { y, z = Split<num_outputs = 2>(x) }", "");
}

}  // namespace
}  // namespace edgeopt::passes
