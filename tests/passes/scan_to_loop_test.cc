#include "passes/scan_to_loop.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

// Becomes a Loop, which computes the same.
void ExpectLoop(const std::string& attributes, const std::string& shape) {
  const std::string text = "g (float[2] s, float" + shape + " x) => (float[2] y, float" + shape +
                           " z) { k = Exp(x)\n y, z = Scan<num_scan_inputs = 1" + attributes +
                           ", body = b (float[2] a, float[2] e) => (float[2] next, float[2] row) {"
                           "next = Add(a, e)\n row = Mul(next, e) }>(s, k) }";
  const ir::Model original = ParseModel(text);
  ir::Model model = original;
  ASSERT_TRUE(formats::InferTypes(model).ok());
  const auto count = ScanToLoop(model);
  ASSERT_TRUE(count.ok()) << count.error().ToString();
  EXPECT_EQ(*count, 1);
  const Status checked = formats::CheckModel(model);
  EXPECT_TRUE(checked.ok()) << checked.error().ToString();
  EXPECT_NE(formats::PrintGraph(model.graph).find("Loop"), std::string::npos);
  ExpectSameOutputs(original, model, 0);
}

TEST(ScanToLoop, Forwards) { ExpectLoop("", "[4,2]"); }

TEST(ScanToLoop, Backwards) {
  ExpectLoop(", scan_input_directions = [1]", "[4,2]");
  ExpectLoop(", scan_output_directions = [1]", "[4,2]");
}

TEST(ScanToLoop, AlongOtherAxes) {
  ExpectLoop(", scan_input_axes = [1], scan_output_axes = [1]", "[2,4]");
  ExpectLoop(", scan_input_axes = [-1], scan_output_axes = [-1], scan_output_directions = [1]",
             "[2,4]");
}

TEST(ScanToLoop, LeavesUnknownLengths) {
  ir::Model model = ParseModel(
      "g (float[2] s, float[N,2] x) => (float[2] y) { y = Scan<num_scan_inputs = 1, body = b "
      "(float[2] a, float[2] e) => (float[2] next) { next = Add(a, e) }>(s, x) }");
  ASSERT_TRUE(formats::InferTypes(model).ok());
  EXPECT_EQ(ScanToLoop(model).value(), 0);
}

}  // namespace
}  // namespace edgeopt::passes
