#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-dropout";
constexpr char kAfter[] = "g (float[2] x) => (float[2] y) { y = Relu(x) }";

TEST(EliminateDropout, WithoutTrainingMode) {
  ExpectRewrite(kPass,
                "g (float[2] x) => (float[2] y) <float r = {0.5}> {\n"
                "a = Dropout(x, r)\n y = Relu(a) }",
                kAfter);
}

TEST(EliminateDropout, TrainingModeConstantFalseAndUnusedMask) {
  ExpectRewrite(kPass,
                "g (float[2] x) => (float[2] y) <float r = {0.5}, bool t = {0}> {\n"
                "a, mask = Dropout(x, r, t)\n y = Relu(a) }",
                kAfter);
}

TEST(EliminateDropout, NothingIsDropped) {
  ExpectRewrite(kPass,
                "g (float[2] x) => (float[2] y) <float r = {0.0}, bool t = {1}> {\n"
                "a = Dropout(x, r, t)\n y = Relu(a) }",
                kAfter);
}

TEST(EliminateDropout, BeforeOpset12) {
  ExpectRewrite(kPass,
                Opset(9) +
                    "g (float[2] x) => (float[2] y) {\n"
                    "a = Dropout<ratio = 0.5>(x)\n y = Relu(a) }",
                Opset(9) + kAfter);
}

TEST(EliminateDropout, NotInTrainingMode) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y) <float r = {0.5}, bool t = {1}> {\n"
                  "a = Dropout(x, r, t)\n y = Relu(a) }",
                  "its training mode is on");
}

TEST(EliminateDropout, NotWhenTheModeIsAnInput) {
  ExpectUnchanged(kPass,
                  "g (float[2] x, bool t) => (float[2] y) <float r = {0.5}> {\n"
                  "a = Dropout(x, r, t)\n y = Relu(a) }",
                  "decided at run time");
}

TEST(EliminateDropout, NotWhenTheMaskIsUsed) {
  ExpectUnchanged(kPass,
                  "g (float[2] x) => (float[2] y, bool[2] mask) {\n"
                  "a, mask = Dropout(x)\n y = Relu(a) }",
                  "its mask is used");
}

}  // namespace
}  // namespace edgeopt::passes
