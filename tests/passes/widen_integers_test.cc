#include "passes/widen_integers.h"

#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

void ExpectWidened(const std::string& before, const std::string& after) {
  ir::Model model = ParseModel(before);
  ASSERT_TRUE(formats::InferTypes(model).ok());
  const auto count = WidenIntegers(model);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(*count, 1);
  EXPECT_TRUE(formats::CheckModel(model, formats::CheckDepth::kTypes).ok());
  EXPECT_EQ(formats::PrintGraph(model.graph), formats::PrintGraph(ParseModel(after).graph));
}

TEST(WidenIntegers, Sums) {
  ExpectWidened("g (uint8[2] x, uint8[2] z) => (uint8[2] y) { y = Add(x, z) }",
                R"(g (uint8[2] x, uint8[2] z) => (uint8[2] y) {
  a = Cast<to = 6>(x)
  b = Cast<to = 6>(z)
  c = Add(a, b)
  y = Cast<to = 2>(c)
})");
}

// The answer of a comparison has a type of its own; an operand that is read twice is cast once.
TEST(WidenIntegers, Comparisons) {
  ExpectWidened("g (uint32[2] x) => (bool[2] y) { y = Less(x, x) }",
                "g (uint32[2] x) => (bool[2] y) { a = Cast<to = 7>(x)\n y = Less(a, a) }");
}

TEST(WidenIntegers, ShiftsByConstants) {
  ExpectWidened(R"(g (uint8[2] x) => (uint8[2] y) <uint8[2] n = {1, 4}>
{ y = BitShift<direction = "LEFT">(x, n) })",
                R"(g (uint8[2] x) => (uint8[2] y) <int32[2] n = {2, 16}> {
  a = Cast<to = 6>(x)
  b = Mul(a, n)
  y = Cast<to = 2>(b)
})");
}

// Nothing wider divides.
TEST(WidenIntegers, LeavesWhatIsNoBetterThere) {
  ir::Model model = ParseModel("g (uint32[2] x, uint32[2] z) => (uint32[2] y) { y = Div(x, z) }");
  ASSERT_TRUE(formats::InferTypes(model).ok());
  EXPECT_EQ(WidenIntegers(model).value(), 0);
  model = ParseModel("g (int32[2] x, int32[2] z) => (int32[2] y) { y = Div(x, z) }");
  ASSERT_TRUE(formats::InferTypes(model).ok());
  EXPECT_EQ(WidenIntegers(model).value(), 0);
}

}  // namespace
}  // namespace edgeopt::passes
