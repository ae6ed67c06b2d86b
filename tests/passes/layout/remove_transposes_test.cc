// Transposes around spatial operators go where the values between can be stored as these need them.
#include "passes/layout/channels_last.h"
#include "passes/pass_test.h"
#include "passes/symbolic_types.h"

namespace edgeopt::passes::layout {
namespace {

// A convolution as it comes from channels-last data, of 3 channels to 3.
std::string Conv(const std::string& x, const std::string& y) {
  return y + "_i = Transpose<perm = [0, 3, 1, 2]>(" + x + ")\n " + y +
         "_o = Conv<pads = [1, 1, 1, 1]>(" + y + "_i, w)\n " + y +
         " = Transpose<perm = [0, 2, 3, 1]>(" + y + "_o)\n";
}

void ExpectLeft(int64_t transposes, const std::string& body,
                const std::string& constants = "float zero = {0}") {
  const std::string text = Opset(20) + "g (float[2,5,6,3] x, float[3,3,3,3] w) => (y) <" +
                           constants + "> {\n" + body + "}";
  ir::Model model = ParseModel(text);
  ASSERT_TRUE(formats::InferTypes(model).ok());
  const ir::Model before = model;
  const auto summary = RemoveTransposes(model);
  ASSERT_TRUE(summary.ok()) << summary.error().ToString();
  EXPECT_EQ(summary->transposes, transposes) << formats::PrintText(model);
  EXPECT_TRUE(formats::CheckModel(model).ok());
  ExpectSameOutputs(before, model, 1e-5);
}

TEST(RemoveTransposes, AChain) {
  ExpectLeft(
      2, Conv("x", "a") + "b = Relu(a)\n" + Conv("b", "c") + "d = Add(c, zero)\n" + Conv("d", "y"));
}

TEST(RemoveTransposes, ABranchThatIsAdded) {
  ExpectLeft(2, Conv("x", "a") + Conv("a", "b") + "c = Add(a, b)\n d = Relu(c)\n" + Conv("d", "y"));
}

TEST(RemoveTransposes, ConcatenationAndMeanOfChannelsLast) {
  ExpectLeft(1,
             Conv("x", "a") + Conv("a", "b") +
                 "c = Concat<axis = 3>(a, b)\n y = ReduceMean<keepdims = 0>(c, axes)\n",
             "int64[2] axes = {1, 2}");
}

TEST(RemoveTransposes, Quantized) {
  const std::string quantized =
      "q = QuantizeLinear(a, s, p)\n b = DequantizeLinear(q, s, p)\n c = Mul(b, v)\n";
  ExpectLeft(2, Conv("x", "a") + quantized + Conv("c", "y"),
             "float s = {0.1}, uint8 p = {100}, float[3] v = {1, 2, 3}");
}

TEST(RemoveTransposes, LeavesThoseAwayFromSpatialOperators) {
  ExpectLeft(1, "a = Transpose<perm = [0, 3, 1, 2]>(x)\n b = Flatten(a)\n y = Relu(b)\n");
}

}  // namespace
}  // namespace edgeopt::passes::layout
